#pragma once
// Random policies over a few rules of every kind, and inputs and data for them: what programs, the
// index and what is made at load are compared with the tree by.

#include <functional>
#include <string>
#include <vector>

#include "unhidra/rego/engine.h"

namespace unhidra::rego {

class PolicyGenerator {
 public:
  explicit PolicyGenerator(std::function<std::uint32_t()> random) : random_(std::move(random)) {}

  static constexpr const char* kQueries[] = {
      "data.a.p = x",
      "data.a.d = x",
      "data.a.s = x",
      "data.a.s[x]",
      "data.a.s[\"a\"] = x",
      "data.a.o = x",
      "data.a.o[\"b\"] = x",
      "data.a.o[k] = x",
      "data.a.c = x",
      "data.a.m = x",
      "data.a.j = x",
      "x := [data.a.k2, data.a.k4, data.a.d1, data.a.d2]",
      "data.a.d3 = x",
      "data.a.topics = x",
      "data.a.among = x",
      "x := [data.a.ft(input.t), data.a.ft(input.a)]",
      "data.a.s[1] = x; data.a.s[2] = y; data.a.s[\"b\"] = z",
      "x := [data.a.f(\"a\", 1), data.a.g(1)]",
      "not data.a.p; x := 1"};

  std::string policy() {
    negates_bodies_ = pick(0, 1) == 0;
    std::string out = "package a\n\nimport future.keywords.and\nimport future.keywords.or\n";
    out += negates_bodies_ ? "import future.keywords.not\n" : "";
    out += "\ndefault d := \"none\"\n\n";
    const int rules = pick(3, 12);
    for (int i = 0; i < rules; ++i) {
      out += "p if {" + body(false) + "}\n";
      out += "d := \"" + letter() + "\" if {" + body(false) + "} else := \"z\" if {" + body(false) +
             "}\n";
      out += "f(\"" + letter() + "\", x) := y if { y := [x, \"f\"] }\n";
      out += "s contains x if { some x in data.list;" + body(true) + "}\n";
      out += "s contains input.a if {" + body(false) + "}\n";
      out += "o[k] := v if { some k, v in data.object;" + body(false) + "}\n";
      out += "topics contains " + std::to_string(i) + " if { glob.match(`" + pattern() +
             "`, [\"/\"], input.t);" + body(false) + "}\n";
      out += "among contains " + std::to_string(i) + " if input.a in [" + scalar() + ", " +
             scalar() + "]\namong contains " + std::to_string(i + 100) +
             " if { input.b == " + scalar() + " or input.b == " + scalar() +
             (pick(0, 3) == 0 ? " or input.a == 1" : "") + "; " + body(false) + "}\n";
      out += "ft(x) if glob.match(`" + pattern() + "`, [\"/\"], x)\n";
    }
    // Known before any input: constants, and what data alone decides.
    out += "k1 := " + scalar() + "\nk2 := [" + scalar() + ", {\"a\": k1}]\n";
    out += "k3 if k1 in json.unmarshal(`[" + scalar() + ", " + scalar() +
           "]`)\nkf(x) := [x, k2[0]]\nk4 contains kf(k2)\n";
    out += "d1 contains x if { some x in data.list; x != k1 }\n";
    out += "d2 := {k: v | some k, v in data.object; v in d1}\n";
    out += "d3[k] := v if some k, v in d2\nd4 := data.object[\"" + letter() + "\"]\n";
    out += "h(x) := {y | some y, _ in data.list; data.list[y] == x}\n";
    out += "j := [[x, ys] | some x in data.list; ys := [k | some k, v in data.object; v == x]]\n";
    out += "g(x) := 1 if x == 1\ng(x) := 2 if x == \"a\"\ng(x) := 3 if x == \"c\"\n";
    out += "c := [[x, y] | some x in data.list; y := data.object[k]; k != x]\n";
    out += "m := {k: v | some k, v in data.object; not v == input.a}\n";
    return out;
  }

  std::string input() {
    std::string out = "{";
    for (const char* name : {"a", "b", "c"}) {
      if (pick(0, 5) != 0) {
        out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + scalar();
      }
    }
    if (pick(0, 9) != 0) {
      out += (out.size() > 1 ? "," : "") + std::string(R"("t":)") +
             (pick(0, 9) == 0 ? scalar() : "\"" + topic() + "\"");
    }
    return out + (out.size() > 1 ? "," : "") + R"("l":[)" + scalar() + "," + scalar() + "," +
           scalar() + "]}";
  }

 private:
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }
  std::string letter() { return std::string(1, static_cast<char>('a' + pick(0, 3))); }
  std::string scalar() {
    static const char* const kValues[] = {"1",     "2",    "1.0",  "\"a\"", "\"b\"",
                                          "\"c\"", "true", "null", "false"};
    return kValues[pick(0, 8)];
  }
  std::string topic() {
    std::string out = pick(0, 7) == 0 ? "" : letter();
    for (int i = pick(0, 3); i > 0; --i) {
      out += "/" + (pick(0, 5) == 0 ? "" : letter());
    }
    return out;
  }
  std::string pattern() {
    static const char* const kSteps[] = {"*",       "**", "?",   "[ab]",  "[!a]", "{a,b}",
                                         "{a/b,c}", "a*", "\\a", "[^/]x", "",     "a**"};
    std::string out;
    for (int i = pick(0, 3); i >= 0; --i) {
      out += pick(0, 2) == 0 ? kSteps[pick(0, 11)] : letter();
      out += i > 0 ? (pick(0, 9) == 0 ? "\\/" : "/") : "";
    }
    return out;
  }
  std::string place() {
    static const char* const kPlaces[] = {"input.a", "input.b", "input.c", "input.l[1]"};
    return kPlaces[pick(0, 3)];
  }
  std::string body(bool has_x) {
    std::string out;
    const int size = pick(1, 3);
    for (int i = 0; i < size; ++i) {
      out += " " + expression(has_x) + ";";
    }
    return out + " true ";
  }
  std::string operand(bool has_x) {
    switch (pick(0, 5)) {
      case 0:
        return place() + " == " + scalar();
      case 1:
        return "not startswith(" + place() + ", \"b\")";
      case 2:
        return "{ some o in input.l; o == " + place() + " }";
      case 3:
        return depth_ > 2 ? place() : nested(has_x);
      case 4:
        return has_x ? "x == " + place() : "g(" + place() + ") == 1";
      default:
        return place() + " in data.list";
    }
  }
  std::string nested(bool has_x) {
    ++depth_;
    const std::string out = "(" + operand(has_x) + " or {" + body(has_x) + "})";
    --depth_;
    return out;
  }
  std::string expression(bool has_x) {
    const std::string n = std::to_string(names_++);
    switch (pick(0, 30)) {
      case 0:
      case 1:
      case 2:
        return place() + " == " + scalar();
      case 3:
        return scalar() + " = " + place();
      case 4:
        return "not " + place() + " == " + scalar();
      case 5:
        return "some vv" + n + " in input.l; vv" + n + " != " + scalar();
      case 6:
        return "input.l[iv" + n + "] == " + place() + "; iv" + n + " > 0";
      case 7:
        return "every e in input.l { e != " + scalar() + " }";
      case 8:
        return "count([y | some y in input.l; y == " + place() + "]) < 2";
      case 9:
        return "f(\"" + letter() + "\", " + place() + ") != null";
      case 10:
        return "data.object[\"" + letter() + "\"] == " + scalar();
      case 11:
        return place() + " in {" + scalar() + ", " + scalar() + "}";
      case 12:
        return "[wv" + n + ", " + scalar() + "] = [" + place() + ", " + place() + "]; wv" + n +
               " != 7";
      case 13:
        return "g(" + place() + ") > 1";
      case 14:
        return "startswith(" + place() + ", \"a\")";
      case 15:
        return "1 + 1 == 2";
      case 16:
        return "every e in input.l { count([y | some y in input.l; y == e; y != " + scalar() +
               "]) > 0 }";
      case 17:
        return "count({k | some k, w in data.object; w == " + place() + "}) == 1";
      case 18:
        return "count(h(" + place() + ")) > 0";
      case 19:
        return place() + " == k1";
      case 20:
        return pick(0, 1) == 0 ? "k3" : "not k3";
      case 21:
        return "kf(k1)[1] == " + place();
      case 22:
        return place() + " in d1";
      case 23:
        return "d3[\"" + letter() + "\"] == " + place();
      case 24:
        return "some gv" + n + " in data.grants; gv" + n + ".role == " + place() + "; gv" + n +
               ".limit != " + scalar();
      case 25:
        return "not startswith(" + place() + ", \"a\")";
      case 26:
        return "not f(\"" + letter() + "\", g(" + place() + "))[0] == " + place();
      case 27:
        return operand(has_x) + " or " + operand(has_x);
      case 28:
        return operand(has_x) + " and " + operand(has_x) + " or " + operand(has_x);
      case 29:
        return negates_bodies_ ? "not {" + body(has_x) + "}" : "not " + place() + " in data.list";
      default:
        return has_x ? "x != " + place() : place();
    }
  }

  std::function<std::uint32_t()> random_;
  int names_ = 0;  // of variables, each its own
  int depth_ = 0;  // of operands
  bool negates_bodies_ = false;
};

inline constexpr auto kData =
    R"({"list": [1, 2, "a", "b", true, null], "object": {"a": 1, "b": "b", "c": null},
        "grants": [{"role": 1, "limit": 1}, {"role": "a", "limit": 2}, {"role": "a", "limit": "b"},
                   {"role": 1.0, "limit": "c"}, {"limit": 3}, {"role": null}, {"role": "b", "limit": 1},
                   {"role": true, "limit": 2}, {"role": 2, "limit": false}, {"role": "c", "limit": 1}]})";
inline constexpr auto kOtherData =
    R"({"list": ["c", false, 1], "object": {"b": 2, "c": "a"}, "grants": [{"role": "a", "limit": 1}]})";

inline std::string answer(const PreparedQuery& query, const Evaluation& evaluation) {
  const auto solutions = query.evaluate(evaluation);
  if (!solutions) {
    return std::string(solutions.error().code().name);
  }
  std::vector<Value> rows;
  for (const auto& solution : *solutions) {
    std::vector<Value::Member> row;
    for (const auto& [name, value] : solution) {
      row.emplace_back(Value::string(name), value);
    }
    rows.push_back(Value::object(std::move(row)));
  }
  return to_term(Value::set(std::move(rows)));
}

}  // namespace unhidra::rego
