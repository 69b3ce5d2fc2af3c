#include "manifests/document.h"

#include <gtest/gtest.h>

namespace portolan::manifests {
namespace {

Diagnostic Saying(const std::string& message) {
  Diagnostic diagnostic;
  diagnostic.message = message;
  return diagnostic;
}

TEST(ReadResult, IsOkWithoutAnyDiagnostic) {
  ReadResult result;
  result.documents.resize(2);
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(result.AllDiagnostics().empty());
}

TEST(ReadResult, CollectsDiagnosticsOfDocumentsAndTheFailure) {
  ReadResult result;
  result.documents.resize(2);
  result.documents[1].diagnostics = {Saying("a"), Saying("b")};
  EXPECT_FALSE(result.ok());
  result.failure = Saying("c");
  EXPECT_EQ(FormatDiagnostics(result.AllDiagnostics()), "a\nb\nc\n");
  result.documents.clear();
  EXPECT_FALSE(result.ok());
}

}  // namespace
}  // namespace portolan::manifests
