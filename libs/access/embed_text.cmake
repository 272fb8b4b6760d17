# Writes a text file as a C++ string: cmake -DINPUT=... -DOUTPUT=... -P embed_text.cmake
file(READ ${INPUT} text)
# A string literal may be 64 KiB long in every compiler: several are joined by the preprocessor.
string(LENGTH "${text}" size)
set(pieces "")
set(at 0)
while(at LESS size)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "R\"yaml(${piece})yaml\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUTPUT} "#include \"unhidra/access/operation.h\"\n\nnamespace unhidra::access {\n
std::string_view openapi_document() {\n  return\n${pieces};\n}\n\n}  // namespace unhidra::access\n")
