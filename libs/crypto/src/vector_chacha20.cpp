#include "vector_chacha20.h"

namespace unhidra::crypto {

void chacha20::Stream::add_rest(ByteView in, MutableByteView out) {
  const auto nothing = [](auto...) {};
  auto done = add_steps(in, out, nothing, nothing);
  if (done == in.size()) {
    return;
  }
  auto stream = key_stream(input_, nothing);
  std::array<Byte, kStep> bytes{};
  std::array<Byte, kStep> zeros{};
  add(stream, zeros.data(), bytes.data());
  for (std::size_t i = 0; done < in.size(); ++i, ++done) {
    out[done] = static_cast<Byte>(in[done] ^ bytes[i]);
  }
  wipe(bytes);
  wipe({reinterpret_cast<Byte*>(stream.data()), sizeof(stream)});
}

void vector_chacha20(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter, ByteView in,
                     MutableByteView out) {
  const auto nothing = [](auto...) {};
  chacha20::Stream stream(key, nonce, counter);
  const auto done = stream.add_steps(in, out, nothing, nothing);
  stream.add_rest(in.subspan(done), out.subspan(done));
}

}  // namespace unhidra::crypto
