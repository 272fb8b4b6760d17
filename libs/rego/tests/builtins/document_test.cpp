#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

TEST_F(Builtins, ObjectsAreMergedFilteredAndRead) {
  EXPECT_EQ(call("object.union", R"([{"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}])"),
            R"({"a": {"b": 3, "c": 2}})");
  EXPECT_EQ(call("object.union_n", R"([[{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}]])"),
            R"({"a": {"c": 3}})");
  EXPECT_EQ(call("object.filter", R"([{"a": 1, "b": 2}, ["a"]])"), R"({"a": 1})");
  EXPECT_EQ(call("object.remove", R"([{"a": 1, "b": 2}, {"a": null}])"), R"({"b": 2})");
  EXPECT_EQ(call("object.get", R"([{"a": [{"b": 1}]}, ["a", 0, "b"], "d"])"), "1");
  EXPECT_EQ(call("object.get", R"([{"a": 1}, "x", "d"])"), R"("d")");
  EXPECT_EQ(call("object.keys", R"([{"b": 1, "a": 2}])"), R"({"a", "b"})");
  EXPECT_EQ(call("object.subset", R"([{"a": {"b": [1, 2, 3]}}, {"a": {"b": [2, 3]}}])"), "true");
  EXPECT_EQ(call("object.filter", R"([{}, 1])"),
            "type error: operand 2 must be one of {object, set, array} but got number");
}

TEST_F(Builtins, PathsNameWhatIsKeptOrRemoved) {
  EXPECT_EQ(call("json.remove", R"([{"a": {"b": 1, "c": [5, 6]}}, ["a/b", "/a/c/0"]])"),
            R"({"a": {"c": [6]}})");
  EXPECT_EQ(call("json.filter", R"([{"a": {"b": 1, "c": 2}, "d": 3}, [["a", "b"]]])"),
            R"({"a": {"b": 1}})");
  EXPECT_EQ(call("json.remove", R"([{}, [1]])"),
            "type error: operand 2 must be one of {set, array} containing string paths or array of "
            "path segments but got number");
}

TEST_F(Builtins, APatchIsAppliedWholeOrTheCallIsUndefined) {
  EXPECT_EQ(
      call("json.patch", R"([{"a": {"foo": 1}}, [{"op": "add", "path": "/a/bar", "value": 2}]])"),
      R"({"a": {"bar": 2, "foo": 1}})");
  EXPECT_EQ(
      call("json.patch", R"([{"foo": {"$set": ["a", "b"]}}, [{"op": "remove", "path": "foo/b"}]])"),
      R"({"foo": {"a"}})");
  EXPECT_EQ(call("json.patch", R"([[1, 2], [{"op": "move", "from": "/0", "path": "/-"}]])"),
            "[2, 1]");
  EXPECT_EQ(call("json.patch", R"([{"a": 1}, [{"op": "test", "path": "/a", "value": 2}]])"),
            "undefined");
  EXPECT_EQ(call("json.patch", R"([{"a": 1}, [{"op": "remove", "path": "/b"}]])"), "undefined");
}

TEST_F(Builtins, JsonIsWrittenAsTheReferenceWritesIt) {
  EXPECT_EQ(call("json.marshal", R"([[{"foo": {"$set": [2, 1]}}, "<&>"]])"),
            R"("[{\"foo\":[1,2]},\"\\u003c\\u0026\\u003e\"]")");
  EXPECT_EQ(call("json.marshal_with_options", R"([{"a": [1], "b": {}}, {"indent": " "}])"),
            R"("{\n \"a\": [\n  1\n ],\n \"b\": {}\n}")");
  EXPECT_EQ(call("json.marshal_with_options", R"([[], {"x": true}])"),
            R"(type error: operand 2 object contained unknown key "x")");
  EXPECT_EQ(call("json.unmarshal", R"(["{\"a\": [1e400, \"\\ud83d\\ude00\"]}"])"),
            "{\"a\": [1e400, \"\U0001F600\"]}");
  EXPECT_EQ(call("json.unmarshal", R"(["x"])"),
            "error: invalid character 'x' looking for beginning of value");
  EXPECT_EQ(call("json.is_valid", R"(["{}x"])"), "false");
}

TEST_F(Builtins, YamlBecomesWhatJsonCanSay) {
  EXPECT_EQ(call("yaml.unmarshal", R"(["a: [1, 0x10, 1.5, yes, ~, \"yes\"]\nb: {c: text}"])"),
            R"({"a": [1, 16, 1.5, true, null, "yes"], "b": {"c": "text"}})");
  EXPECT_EQ(call("yaml.unmarshal", R"(["[1,2,3"])"),
            "error: yaml: line 1: did not find expected ',' or ']'");
  EXPECT_EQ(call("yaml.is_valid", R"(["foo:\n - qux: bar\n - baz: {"])"), "false");
  EXPECT_EQ(call("yaml.marshal", R"([{"a": [1, {"b": "x"}], "c": "true", "d": {}}])"),
            R"("a:\n- 1\n- b: x\nc: \"true\"\nd: {}\n")");
}

TEST_F(Builtins, AYamlBombIsStoppedByTheBudget) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\\n";
  for (char c = 'b'; c <= 'j'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) {
      bomb += (i > 0 ? "," : "") + before;
    }
    bomb += "]\\n";
  }
  environment_.budget = 1 << 22;
  EXPECT_TRUE(call("yaml.unmarshal", "[\"" + bomb + "\"]").starts_with("exhausted: "));
}

TEST_F(Builtins, DocumentsAreCheckedAgainstTheirSchema) {
  EXPECT_EQ(call("json.match_schema",
                 R"([{"id": 5}, {"properties": {"id": {"type": "integer"}}, "required": ["id"]}])"),
            "[true, []]");
  EXPECT_EQ(
      call("json.match_schema", R"([{}, {"required": ["id"]}])"),
      R"x([false, [{"desc": "id is required", "error": "(root): id is required", "field": "(root)", "type": "required"}]])x");
  EXPECT_EQ(
      call("json.match_schema",
           R"([{"a": [1, "x"]}, {"properties": {"a": {"items": {"type": "integer"}}}}])"),
      R"([false, [{"desc": "Invalid type. Expected: integer, given: string", "error": "a.1: Invalid type. Expected: integer, given: string", "field": "a.1", "type": "invalid_type"}]])");
  EXPECT_EQ(
      call("json.match_schema", R"([{"a": 1}, {"properties": {"a": {"type": "unknown"}}}])"),
      "error: has a primitive type that is NOT VALID -- given: /unknown/ Expected valid values "
      "are:[array boolean integer number null object string]");
  EXPECT_EQ(call("json.verify_schema", R"([{"type": "boolean"}])"), "[true, null]");
  EXPECT_TRUE(call("json.match_schema", R"([{}, {"$ref": "#"}])").starts_with("exhausted: "));
}

TEST_F(Builtins, GraphsAreWalked) {
  EXPECT_EQ(call("graph.reachable", R"([{"a": ["b"], "b": ["c", "x"], "c": []}, ["a"]])"),
            R"({"a", "b", "c"})");
  EXPECT_EQ(call("graph.reachable_paths", R"([{"a": ["b", "c"], "b": ["c"], "c": []}, ["a"]])"),
            R"({["a", "b", "c"], ["a", "c"]})");
  EXPECT_EQ(call("graph.reachable_paths", R"([{"a": ["b"], "b": ["c"], "c": ["a"]}, ["a"]])"),
            R"({["a", "b", "c"]})");
  EXPECT_EQ(call("walk", R"([{"a": [1]}])"), R"([[[], {"a": [1]}], [["a"], [1]], [["a", 0], 1]])");
}

TEST_F(Builtins, SetsAndListsAreCombined) {
  EXPECT_EQ(call("and", R"([{"$set": [1, 2]}, {"$set": [2, 3]}])"), "{2}");
  EXPECT_EQ(call("intersection", R"([{"$set": [{"$set": [1, 2]}, {"$set": [2]}]}])"), "{2}");
  EXPECT_EQ(call("union", R"([{"$set": []}])"), "set()");
  EXPECT_EQ(call("array.slice", "[[1, 2, 3], 1, 9]"), "[2, 3]");
  EXPECT_EQ(call("array.concat", R"([{}, []])"),
            "type error: operand 1 must be array but got object");
  EXPECT_EQ(call("array.flatten", "[[1, [2, [3]], []]]"), "[1, 2, [3]]");
  EXPECT_EQ(call("internal.member_3", R"(["a", 1, {"a": 1}])"), "true");
}

TEST_F(Builtins, VersionsAndIdentifiers) {
  EXPECT_EQ(call("semver.compare", R"(["1.0.0-alpha.1", "1.0.0-alpha.beta"])"), "-1");
  EXPECT_EQ(call("semver.compare", R"(["1.0.0", "1.0.0-rc.1+build"])"), "1");
  EXPECT_EQ(call("semver.compare", R"(["1.0.0", "1"])"),
            R"(error: operand 2: string "1" is not a valid SemVer)");
  EXPECT_EQ(
      call("uuid.parse", R"(["000003e8-48b9-21ee-b200-325096b39f47"])"),
      R"({"clocksequence": 12800, "domain": "Person", "id": 1000, "macvariables": "local:unicast", "nodeid": "32-50-96-b3-9f-47", "time": 1693566990121469600, "variant": "RFC4122", "version": 2})");
  EXPECT_EQ(call("uuid.parse", R"(["nope"])"), "undefined");
}

}  // namespace
}  // namespace unhidra::rego::builtins
