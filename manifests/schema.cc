#include "manifests/schema.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "manifests/fields.h"

// A schema is compiled once per manifest and checked once per entry, so whatever can be decided
// beforehand is: properties are sorted, `enum` is kept as canonical JSON and compared as text,
// patterns are compiled. The subset is small on purpose. References and combinators ($ref, anyOf,
// not) make errors that name no place and no expectation, which is what these messages live on;
// what a schema cannot say, a policy can.

namespace portolan::manifests {
namespace {

using Kind = Value::Kind;

constexpr unsigned Bit(Kind kind) {
  return 1u << static_cast<unsigned>(kind);
}
constexpr unsigned kNumbers = Bit(Kind::kInt) | Bit(Kind::kDouble);
constexpr Range<std::int64_t> kSizes{0, std::numeric_limits<std::int32_t>::max()};
constexpr std::size_t kEnumMax = 10'000;
constexpr Range<std::size_t> kPropertyBytes{0, 512};

constexpr std::array<std::string_view, 7> kTypeNames = {"null",   "boolean", "integer", "number",
                                                        "string", "array",   "object"};

// Parts of JSON Schema that people may expect here, by name, so that the message can say more than
// "unknown".
constexpr std::array<std::string_view, 26> kUnsupported = {"$ref",
                                                           "$defs",
                                                           "$id",
                                                           "$anchor",
                                                           "$dynamicRef",
                                                           "allOf",
                                                           "anyOf",
                                                           "oneOf",
                                                           "not",
                                                           "if",
                                                           "then",
                                                           "else",
                                                           "contains",
                                                           "minContains",
                                                           "maxContains",
                                                           "prefixItems",
                                                           "uniqueItems",
                                                           "default",
                                                           "patternProperties",
                                                           "propertyNames",
                                                           "definitions",
                                                           "dependentSchemas",
                                                           "dependentRequired",
                                                           "unevaluatedItems",
                                                           "unevaluatedProperties",
                                                           "contentEncoding"};

}  // namespace

// Reads one schema object; nested ones with a compiler of their own.
// Keywords that do nothing are errors, unlike in JSON Schema: a limit that is silently not applied
// is worse than none.
class SchemaCompiler {
 public:
  SchemaCompiler(const Field& field, Report& report) : decoder_(field, report), report_(report) {}

  std::shared_ptr<const Schema> Compile() {
    const std::size_t before = report_.size();
    auto schema = std::make_shared<Schema>();
    schema_ = schema.get();
    ReadTypes(decoder_.Take("type"));
    ReadAlternatives();
    ReadNumbers();
    ReadStrings();
    ReadObject();
    ReadArray();
    // Annotations say nothing about a value; `default` is refused, since nothing fills it in.
    for (std::string_view annotation : {"title", "description", "$comment", "$schema", "examples"})
      decoder_.Take(annotation);
    decoder_.Refuse(kUnsupported,
                    "not part of the supported subset of JSON Schema (docs/manifest-spec.md)");
    decoder_.Finish();
    if (report_.size() != before) return nullptr;
    return schema;
  }

 private:
  void ReadTypes(const Field& field) {
    if (!field) return;
    if (field.node->kind != Node::Kind::kSequence) return ReadType(field);
    for (std::size_t i = 0; i < field.node->items.size(); ++i) ReadType(field.Item(i));
    if (field.node->items.empty()) report_.Error(field, "expected at least one type");
  }

  void ReadType(const Field& field) {
    const auto choice = ReadChoice(field, kTypeNames, report_);
    if (!choice) return;
    constexpr std::array<unsigned, 7> kBits = {
        Bit(Kind::kNull),   Bit(Kind::kBool),  kNumbers,          kNumbers,
        Bit(Kind::kString), Bit(Kind::kArray), Bit(Kind::kObject)};
    const std::string_view name = kTypeNames[*choice];
    const bool had_numbers = (schema_->kinds_ & kNumbers) != 0;
    // [integer, number] is number, in either order.
    if (name == "integer") schema_->integer_only_ = !had_numbers || schema_->integer_only_;
    if (name == "number") schema_->integer_only_ = false;
    schema_->kinds_ |= kBits[*choice];
  }

  // The keyword, refused when the type leaves it nothing to apply to.
  Field TakeFor(std::string_view keyword, unsigned kinds) {
    Field field = decoder_.Take(keyword);
    if (field && schema_->kinds_ != 0 && (schema_->kinds_ & kinds) == 0)
      report_.Error(field, "does not apply to " + schema_->Describe());
    return field;
  }

  void ReadAlternatives() {
    const Field constant = decoder_.Take("const");
    if (auto value = ReadValue(constant, report_)) schema_->enum_ = {CanonicalJson(*value)};
    const Field field = decoder_.Take("enum");
    if (!field) return;
    if (constant) report_.Error(field, "expected either enum or const, found both");
    if (field.node->kind != Node::Kind::kSequence || field.node->items.empty() ||
        field.node->items.size() > kEnumMax) {
      report_.Error(field, "expected a list of 1 to " + std::to_string(kEnumMax) + " values");
      return;
    }
    for (std::size_t i = 0; i < field.node->items.size(); ++i)
      if (auto value = ReadValue(field.Item(i), report_))
        schema_->enum_.push_back(CanonicalJson(*value));
  }

  std::optional<Value> ReadBound(std::string_view keyword) {
    const Field field = TakeFor(keyword, kNumbers);
    auto value = ReadValue(field, report_);
    if (!value || value->is_number()) return value;
    report_.Error(field, "expected a number, found " + Found(*field.node));
    return std::nullopt;
  }

  void ReadNumbers() {
    schema_->minimum_ = ReadBound("minimum");
    schema_->maximum_ = ReadBound("maximum");
    schema_->exclusive_minimum_ = ReadBound("exclusiveMinimum");
    schema_->exclusive_maximum_ = ReadBound("exclusiveMaximum");
    if (schema_->minimum_ && schema_->maximum_ &&
        schema_->minimum_->as_double() > schema_->maximum_->as_double())
      ErrorAtSchema("minimum is above maximum: no number is accepted");
    SetIf(schema_->multiple_of_,
          ReadInteger(TakeFor("multipleOf", kNumbers),
                      {.min = 1, .max = std::numeric_limits<std::int64_t>::max()}, report_));
  }

  void ReadStrings() {
    schema_->text_.Read(decoder_, true, report_);
    if (!schema_->text_.empty() && schema_->kinds_ != 0 &&
        (schema_->kinds_ & Bit(Kind::kString)) == 0)
      ErrorAtSchema("minLength, maxLength, pattern and format do not apply to " +
                    schema_->Describe());
  }

  void ReadObject() {
    SetIf(schema_->required_,
          manifests::ReadStrings(TakeFor("required", Bit(Kind::kObject)), kPropertyBytes, report_));
    const Field properties = TakeFor("properties", Bit(Kind::kObject));
    if (properties && properties.node->kind != Node::Kind::kMapping) {
      report_.Error(properties, "expected an object of schemas, found " + Found(*properties.node));
    } else if (properties) {
      for (const Node::Member& member : properties.node->members) {
        auto schema = Schema::Compile({&member.value, properties.path.Member(member.key)}, report_);
        schema_->properties_.emplace_back(member.key, std::move(schema));
      }
      std::sort(schema_->properties_.begin(), schema_->properties_.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    ReadAdditional(TakeFor("additionalProperties", Bit(Kind::kObject)));
    ReadSizes("minProperties", "maxProperties", Bit(Kind::kObject));
  }

  void ReadAdditional(const Field& field) {
    if (!field) return;
    if (field.node->kind == Node::Kind::kMapping) {
      schema_->additional_ = Schema::Compile(field, report_);
      return;
    }
    SetIf(schema_->additional_allowed_, ReadBool(field, report_));
    if (schema_->additional_allowed_) return;
    for (const std::string& name : schema_->required_)
      if (schema_->PropertyOf(name) == nullptr)
        report_.Error(field, "false, but the required " + QuoteForMessage(name) +
                                 " is not among the properties");
  }

  void ReadArray() {
    const Field items = TakeFor("items", Bit(Kind::kArray));
    if (items) schema_->items_ = Schema::Compile(items, report_);
    ReadSizes("minItems", "maxItems", Bit(Kind::kArray));
  }

  void ReadSizes(std::string_view min_keyword, std::string_view max_keyword, unsigned kind) {
    const bool object = kind == Bit(Kind::kObject);
    auto& low = object ? schema_->min_properties_ : schema_->min_items_;
    auto& high = object ? schema_->max_properties_ : schema_->max_items_;
    SetIf(low, ReadInteger(TakeFor(min_keyword, kind), kSizes, report_));
    SetIf(high, ReadInteger(TakeFor(max_keyword, kind), kSizes, report_));
    if (low && high && *low > *high)
      ErrorAtSchema(std::string(min_keyword) + " is above " + std::string(max_keyword));
  }

  void ErrorAtSchema(std::string message) { report_.Error(decoder_.field(), std::move(message)); }

  MappingDecoder decoder_;
  Report& report_;
  Schema* schema_ = nullptr;
};

std::shared_ptr<const Schema> Schema::Compile(const Field& field, Report& report) {
  return SchemaCompiler(field, report).Compile();
}

const Schema* Schema::PropertyOf(std::string_view name) const {
  const auto found = std::lower_bound(
      properties_.begin(), properties_.end(), name,
      [](const auto& property, std::string_view wanted) { return property.first < wanted; });
  if (found == properties_.end() || found->first != name) return nullptr;
  return found->second.get();
}

}  // namespace portolan::manifests
