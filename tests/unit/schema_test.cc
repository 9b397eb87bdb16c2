#include "lab/model/schema.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "lab/model/keys.hpp"
#include "lab/model/parse.hpp"
#include "lab/model/reference.hpp"
#include "lab/model/value.hpp"

/// What is shipped beside the parser says what the parser's table of keys says.
namespace lblab::model {
namespace {

std::string file(const std::string& path) {
  std::ifstream in(std::string(LBLAB_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Where the text that ought to be shipped is left for whoever changed the table.
std::string left_in(const std::string& name, const std::string& text) {
  const auto path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

TEST(Schema, IsTheShippedOne) {
  const auto made = json_schema();
  EXPECT_TRUE(file("topologies/schema.json") == made)
      << "the table of keys has changed: cp " << left_in("schema.json", made) << " topologies/schema.json";
}

TEST(Reference, IsWhatTheDocumentHas) {
  const std::string mark = "<!-- keys -->\n", text = file("docs/topology.md");
  const auto first = text.find(mark), last = text.rfind(mark);
  ASSERT_LT(first, last) << "docs/topology.md lacks its two marks";
  const auto begin = first + mark.size();
  const auto made = key_reference();
  EXPECT_TRUE(text.substr(begin, last - begin) == made)
      << "the table of keys has changed: cp "
      << left_in("topology.md", text.substr(0, begin) + made + text.substr(last)) << " docs/topology.md";
}

TEST(Reference, EveryExampleOfTheDocumentIsATopologyWithoutMistakes) {
  std::istringstream lines(file("docs/topology.md"));
  std::string line, example;
  bool within = false;
  int examples = 0;
  while (std::getline(lines, line)) {
    if (line == "```yaml") {
      within = true, example.clear();
    } else if (within && line == "```") {
      within = false, ++examples;
      for (const auto& diagnostic : parse(example).diagnostics)
        ADD_FAILURE() << example << format(diagnostic, "example");
    } else if (within) {
      example += line + "\n";
    }
  }
  EXPECT_GE(examples, 2);
}

TEST(Keys, EachIsOnceInTheTableAndSaysAllThatItsTypeNeeds) {
  std::set<std::string_view> paths;
  for (const Key& key : keys()) {
    SCOPED_TRACE(std::string(key.path));
    EXPECT_TRUE(paths.insert(key.path).second);
    EXPECT_FALSE(key.meaning.empty());
    EXPECT_EQ(key.type == Type::choice || key.type == Type::signal, !key.allowed.empty());
    EXPECT_FALSE(key.required && !key.fallback.empty()) << "a required key has no default";
    const bool has_names = key.type == Type::map || key.type == Type::label || key.type == Type::word;
    EXPECT_TRUE(!has_names || key.max > 0) << "names need a longest length";
    const bool is_leaf = key.type != Type::object && key.type != Type::map && key.type != Type::list &&
                         key.type != Type::one_or_list;
    EXPECT_TRUE(!is_leaf || !key.fallback.empty() || !key.example.empty()) << "no example of a value";
  }
}

/// What keys say of others, by name: a misspelt one would make a rule that nothing is held to.
void names_exist(const Grammar& object) {
  SCOPED_TRACE(std::string(object.key->path));
  const auto parts = object.parts();
  std::set<std::string_view> names, groups{""}, used{""};
  for (const Grammar* part : parts) names.insert(part->name), groups.insert(part->key->group);
  const Key& key = *object.key;
  for (const auto name : {key.short_list, key.short_value})
    EXPECT_TRUE(name.empty() || names.contains(name)) << name;
  for (const auto group : {key.one_of, key.some_of, key.at_most_one_of}) used.insert(group);
  for (const Grammar* part : parts) {
    for (const auto other : part->key->with) EXPECT_TRUE(names.contains(other)) << other;
    used.insert(part->key->beside);
  }
  EXPECT_EQ(used, groups);
  EXPECT_EQ(key.like.empty(), object.like == nullptr);
  for (const Grammar& child : object.children) names_exist(child);
}

TEST(Keys, SpeakOfKeysAndGroupsThatThereAre) { names_exist(grammar()); }

TEST(Keys, DefaultsAndExamplesAreValuesThatTheParserTakes) {
  for (const Key& key : keys())
    for (const auto text : {key.fallback, key.example})
      if (!text.empty() && key.type != Type::map && key.type != Type::list) {
        Yaml value;
        value.kind = Yaml::Kind::scalar;
        value.text = text;
        value.quoted = key.type == Type::word;  // which may look like a number
        const auto wrong = problem(key, std::string(key.path), value);
        EXPECT_FALSE(wrong) << format(*wrong, "keys");
      }
}

}  // namespace
}  // namespace lblab::model
