#include "controller/git/remote_url.h"

#include <arpa/inet.h>

#include <optional>

#include "controller/git/libgit.h"

// Which remotes a source may name. By what is allowed, not by what is known to be bad: libgit2 and
// whatever is linked into it may know more schemes than we do. http is for this machine only,
// since whoever sits between could change what is served. URLs carry no passwords: they are shown
// in status, events and logs.

namespace portolan::controller {
namespace {

struct UrlParts {
  std::string_view scheme;
  std::string_view user_info;  // without the '@'
  std::string_view host;       // without port and brackets
};

std::optional<UrlParts> SplitUrl(std::string_view url) {
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  UrlParts parts{url.substr(0, mark), {}, {}};
  std::string_view authority = url.substr(mark + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  // The last '@': whoever reads the first one sees another host.
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parts.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (!authority.empty() && authority.front() == '[') {
    parts.host = authority.substr(1, authority.find(']') - 1);
  } else {
    parts.host = authority.substr(0, authority.find(':'));
  }
  return parts;
}

// By address, or the one name that RFC 6761 section 6.3 reserves; another name may resolve to
// loopback now and elsewhere later.
bool IsLoopback(std::string_view host) {
  const std::string text(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return text == "localhost" || text == "::1";
}

// Two readers of one URL must not see two hosts.
bool IsPlainAuthority(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-._:[]") == std::string_view::npos;
}

Error Denied(std::string_view url, std::string_view why) {
  return {ErrorCode::kDenied, "Denied: the url " + PrintableUrl(url) + " " + std::string(why)};
}

Status CheckPath(std::string_view url) {
  // As git tells host:path from a path: a colon before the first slash (gitglossary,
  // git-clone(1)).
  const std::size_t colon = url.find(':');
  if (colon != std::string_view::npos && colon < url.find('/')) {
    if (url.substr(colon).starts_with("::")) {
      return Denied(url, "names a transport helper; use https, file:// or an absolute path");
    }
    return Denied(url, "is the short form of ssh, which is not supported; use https");
  }
  if (!url.starts_with('/')) {
    return Denied(url, "is a relative path; use https, file:// or an absolute path");
  }
  return {};
}

}  // namespace

Status CheckRemoteUrl(std::string_view url) {
  if (url.find('\0') != std::string_view::npos) return Denied(url, "holds a NUL byte");
  const auto parts = SplitUrl(url);
  if (!parts) return CheckPath(url);
  if (parts->scheme == "file") return {};
  if (parts->scheme != "https" && parts->scheme != "http") {
    return Denied(url, "uses \"" + Printable(parts->scheme) +
                           "\", which is not supported; use https, file:// or an absolute path");
  }
  if (parts->user_info.find(':') != std::string_view::npos) {
    return Denied(url, "carries a password; remove it and set the source's token");
  }
  if (parts->host.empty() || !IsPlainAuthority(parts->host) ||
      !IsPlainAuthority(parts->user_info)) {
    return Denied(url, "has no plain host name");
  }
  if (parts->scheme == "http" && !IsLoopback(parts->host)) {
    return Denied(url, "is http to another machine, which anyone between may change; use https");
  }
  return {};
}

bool TakesToken(std::string_view url) {
  const auto parts = SplitUrl(url);
  if (!parts) return false;
  return parts->scheme == "https" || (parts->scheme == "http" && IsLoopback(parts->host));
}

std::string PrintableUrl(std::string_view url) {
  const auto parts = SplitUrl(url);
  if (!parts || parts->user_info.empty()) return Printable(url);
  const std::size_t end =
      static_cast<std::size_t>(parts->user_info.data() - url.data()) + parts->user_info.size() + 1;
  return Printable(parts->scheme) + "://" + Printable(url.substr(end));
}

}  // namespace portolan::controller
