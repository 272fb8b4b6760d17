#include "builtins/call_by_name.h"
#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

TEST_F(Builtins, SprintfHasTheReferencesVerbs) {
  EXPECT_EQ(call("sprintf", R"(["%02d %02X %s %v", [5, 127, "x", 3.14]])"), R"("05 7F x 3.14")");
  EXPECT_EQ(call("sprintf", R"(["%v", [["there", 5, 3.14]]])"), R"("[\"there\", 5, 3.14]")");
  EXPECT_EQ(call("sprintf", R"(["%s", [1208925819614629174706175]])"),
            R"("1208925819614629174706175")");
  EXPECT_EQ(call("sprintf", R"(["%d", ["x"]])"), R"x("%!d(string=x)")x");
  EXPECT_EQ(call("sprintf", R"(["%d %d", [1]])"), R"x("1 %!d(MISSING)")x");
  EXPECT_EQ(call("sprintf", R"(["x", [1]])"), R"x("x%!(EXTRA int=1)")x");
  EXPECT_EQ(call("sprintf", R"(["%[2]v %[1]v", [1, 2]])"), R"("2 1")");
  EXPECT_EQ(call("sprintf", R"(["%8.3f|%-5s|%+d|%q", [3.14159, "a", 7, "q"]])"),
            R"("   3.142|a    |+7|\"q\"")");
  EXPECT_EQ(call("sprintf", R"(["%v", [1e21]])"), R"("1e+21")");
}

TEST_F(Builtins, AWideFormatStaysInTheBudget) {
  environment_.budget = 4096;
  EXPECT_TRUE(call("sprintf", R"(["%1000000d", [1]])").starts_with("exhausted: "));
}

TEST_F(Builtins, TextIsCountedInCodePoints) {
  EXPECT_EQ(call("indexof", R"(["åäö-x", "-"])"), "3");
  EXPECT_EQ(call("indexof_n", R"(["dogcatdogcat", "cat"])"), "[3, 9]");
  EXPECT_EQ(call("substring", R"(["åäö", 1, -1])"), R"("äö")");
  EXPECT_EQ(call("substring", R"(["aaa", -1, 1])"), "error: negative offset");
  EXPECT_EQ(call("strings.reverse", R"(["añb"])"), R"("bña")");
  // Each letter by itself: there is no capital of one letter for the sharp s.
  EXPECT_EQ(call("upper", R"(["straße é"])"), R"("STRAßE É")");
}

TEST_F(Builtins, SplittingAndTrimming) {
  EXPECT_EQ(call("split", R"(["a.b.", "."])"), R"(["a", "b", ""])");
  EXPECT_EQ(call("split", R"(["äb", ""])"), R"(["ä", "b"])");
  EXPECT_EQ(call("strings.split_n", R"(["a.b.c", ".", 2])"), R"(["a", "b"])");
  EXPECT_EQ(call("strings.split_n", R"(["a.b.c", ".", -2])"), R"(["b", "c"])");
  EXPECT_EQ(call("strings.split_n", R"(["a.b.c", ".", 9])"), R"(["a", "b", "c"])");
  EXPECT_EQ(call("strings.split_n", R"(["a.b.c", ".", -9223372036854775808])"),
            R"(["a", "b", "c"])");
  EXPECT_EQ(call("strings.split_n", R"(["a.b.c", ".", 0])"), "[]");
  EXPECT_EQ(call("trim", R"(["...foo.bar...", ".fr"])"), R"("oo.ba")");
  EXPECT_EQ(call("trim_space", "[\" \\t x \\u00a0\"]"), R"("x")");
  EXPECT_EQ(call("trim_prefix", R"(["foobar", "foo"])"), R"("bar")");
  EXPECT_EQ(call("concat", R"([",", {"$set": ["b", "a"]}])"), R"("a,b")");
  EXPECT_EQ(call("concat", R"([",", [1]])"),
            "type error: operand 2 must be array of strings but got array containing number");
}

TEST_F(Builtins, ReplacingIsDoneInOnePass) {
  EXPECT_EQ(call("replace", R"(["foo...bar", "..", ",,"])"), R"("foo,,.bar")");
  EXPECT_EQ(call("replace", R"(["abc", "", "-"])"), R"("-a-b-c-")");
  EXPECT_EQ(call("strings.replace_n", R"([{"a": "b", "b": "a"}, "ab"])"), R"("ba")");
  EXPECT_EQ(call("strings.replace_n", R"([{"a": "b"}, 1])"),
            "type error: operand 2 must be string but got number");
}

TEST_F(Builtins, AnyPrefixOrSuffixMatches) {
  EXPECT_EQ(call("strings.any_prefix_match", R"([["a/b", "e/f"], ["d/", "a/"]])"), "true");
  EXPECT_EQ(call("strings.any_prefix_match", R"([[], []])"), "false");
  EXPECT_EQ(call("strings.any_suffix_match", R"([["a/b/c"], "b/c"])"), "true");
  EXPECT_EQ(call("strings.any_prefix_match", R"([1, "a"])"),
            "type error: operand 1 must be one of {string, set, array} but got number");
}

TEST_F(Builtins, TemplatesReadDataAndNothingElse) {
  EXPECT_EQ(call("strings.render_template", R"(["{{.a.b}} {{.missing}}", {"a": {"b": 1}}])"),
            R"("1 <undefined>")");
  EXPECT_EQ(call("strings.render_template",
                 R"(["{{range $i, $e := .l}}{{$i}}={{$e}};{{end}}", {"l": ["x", "y"]}])"),
            R"("0=x;1=y;")");
  EXPECT_EQ(call("strings.render_template",
                 R"(["{{if eq .a 1}}one{{else if .b}}b{{else}}none{{end}}", {"a": 2, "b": true}])"),
            R"("b")");
  EXPECT_EQ(call("strings.render_template", R"(["{{printf \"%03d\" .n | print}}", {"n": 7}])"),
            R"("007")");
  EXPECT_TRUE(call("strings.render_template", R"(["{{.a", {}])").starts_with("error: "));
  EXPECT_TRUE(
      call("strings.render_template", R"(["{{template \"x\"}}", {}])").starts_with("error: "));
}

TEST_F(Builtins, EncodingsAreReadAsTheReferenceReadsThem) {
  EXPECT_EQ(call("base64.encode", R"(["hello?>"])"), R"("aGVsbG8/Pg==")");
  EXPECT_EQ(call("base64url.encode_no_pad", R"(["hello?>"])"), R"("aGVsbG8_Pg")");
  EXPECT_EQ(call("base64url.decode", R"(["aGVsbG8_Pg"])"), R"("hello?>")");
  EXPECT_EQ(call("base64.decode", R"(["aGVs*G8="])"), "error: illegal base64 data at input byte 4");
  EXPECT_EQ(call("base64.decode", "[\"aGVs\\nbG8=\"]"), R"("hello")");
  EXPECT_EQ(call("hex.decode", R"(["616g"])"), "error: encoding/hex: invalid byte: U+0067 'g'");
  EXPECT_EQ(call("urlquery.encode", R"(["a b&ü"])"), R"("a+b%26%C3%BC")");
  EXPECT_EQ(call("urlquery.decode", R"(["%zz"])"), R"(error: invalid URL escape "%zz")");
  EXPECT_EQ(call("urlquery.encode_object", R"([{"a": "b", "c": ["d", "e"]}])"), R"("a=b&c=d&c=e")");
  EXPECT_EQ(call("urlquery.decode_object", R"(["a=1&a=2&b"])"), R"({"a": ["1", "2"], "b": [""]})");
}

TEST_F(Builtins, UrisComeApart) {
  EXPECT_EQ(call("uri.parse", R"(["HTTPS://me:pw@Example.org:8443/a%2Fb/%C3%BC?x=%20#top%21"])"),
            R"({"fragment": "top!", "hostname": "Example.org", "path": "/a/b/ü", "port": "8443", )"
            R"("raw_path": "/a%2Fb/%C3%BC", "raw_query": "x=%20", "scheme": "https"})");
  EXPECT_EQ(call("uri.parse", R"(["http://h/a%20b"])"),
            R"({"hostname": "h", "path": "/a b", "raw_path": "/a b", "scheme": "http"})");
  EXPECT_EQ(call("uri.parse", R"(["mailto:me@example.org?subject=x"])"),
            R"({"raw_query": "subject=x", "scheme": "mailto"})");
  EXPECT_EQ(call("uri.parse", R"(["//h:/p"])"),
            R"({"hostname": "h", "path": "/p", "raw_path": "/p"})");
  EXPECT_EQ(call("uri.parse", R"(["///p"])"), R"({"path": "///p", "raw_path": "///p"})");
  EXPECT_EQ(call("uri.parse", R"(["http://a:1:2"])"),
            R"({"hostname": "a:1", "port": "2", "scheme": "http"})");
  EXPECT_EQ(call("uri.parse", R"(["http://[fe80::2%25eth0]:80"])"),
            R"({"hostname": "fe80::2%eth0", "port": "80", "scheme": "http"})");
  EXPECT_EQ(call("uri.parse", R"([""])"), "{}");
  EXPECT_EQ(call("uri.parse", R"(["*"])"), R"({"path": "*", "raw_path": "*"})");
}

TEST_F(Builtins, WhatIsNoUriIsRefusedWithItsReason) {
  const auto refusal = [this](std::string_view uri) {
    const std::string answer = call("uri.parse", "[\"" + std::string(uri) + "\"]");
    const std::string valid = call("uri.is_valid", "[\"" + std::string(uri) + "\"]");
    EXPECT_EQ(valid, "false") << uri;
    const std::string begin = "error: parse " + quote(uri.substr(0, uri.find('#'))) + ": ";
    return answer.starts_with(begin) ? answer.substr(begin.size()) : answer;
  };
  EXPECT_EQ(refusal("://h"), "missing protocol scheme");
  EXPECT_EQ(refusal("1st:x/y"), "first path segment in URL cannot contain colon");
  EXPECT_EQ(refusal("http://h:ten"), R"(invalid port ":ten" after host)");
  EXPECT_EQ(refusal("http://[::1]x"), R"(invalid port "x" after host)");
  EXPECT_EQ(refusal("http://[::1"), "missing ']' in host");
  EXPECT_EQ(refusal("http://[10.0.0.1]"), "invalid IP-literal");
  EXPECT_EQ(refusal("http://a[::1]"), "invalid IP-literal");
  EXPECT_EQ(refusal("http://[fe80::1%25]"),
            R"x(invalid host: ParseAddr("fe80::1%"): unable to parse IP)x");
  EXPECT_EQ(refusal("http://a b"), R"(invalid character " " in host name)");
  EXPECT_EQ(refusal("http://a%41"), R"(invalid URL escape "%41")");
  EXPECT_EQ(refusal("http://me^@h"), "net/url: invalid userinfo");
  EXPECT_EQ(refusal("http://h/%4"), R"(invalid URL escape "%4")");
  EXPECT_EQ(call("uri.parse", R"(["/p#%x"])"), R"(error: parse "/p#%x": invalid URL escape "%x")");
  EXPECT_EQ(call("uri.parse", R"(["a\u0001"])"),
            R"(error: parse "a\x01": net/url: invalid control character in URL)");
  EXPECT_EQ(call("uri.is_valid", "[7]"), "false");
  EXPECT_EQ(call("uri.is_valid", R"([""])"), "false");
  EXPECT_EQ(call("uri.is_valid", R"(["a/b?c#d"])"), "true");
}

}  // namespace
}  // namespace unhidra::rego::builtins
