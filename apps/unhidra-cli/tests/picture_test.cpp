// Previews of pictures: how they are made, and what the process that makes them can still do.

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "picture/confinement.h"
#include "picture/small_picture.h"

namespace unhidra::cli::picture {
namespace {

Bytes exif_with(std::uint8_t orientation, bool little) {
  Bytes out{'E', 'x', 'i', 'f', 0, 0};
  const Bytes tiff = little ? Bytes{'I', 'I', 42, 0, 8, 0, 0, 0,           1, 0, 0x12,
                                    1,   3,   0,  1, 0, 0, 0, orientation, 0, 0, 0}
                            : Bytes{'M',  'M', 0, 42, 0, 0, 0, 8, 0,           1, 1,
                                    0x12, 0,   3, 0,  0, 0, 1, 0, orientation, 0, 0};
  out.insert(out.end(), tiff.begin(), tiff.end());
  return out;
}

// One byte a pixel, as written: grey.
Pixels grey(std::uint32_t width, std::uint32_t height, const std::vector<std::uint8_t>& values) {
  Pixels out{.width = width, .height = height, .channels = 3, .samples = {}};
  for (const auto value : values) {
    out.samples.insert(out.samples.end(), 3, value);
  }
  return out;
}

std::vector<std::uint8_t> values_of(const Pixels& pixels) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < pixels.samples.size(); i += 3) {
    out.push_back(pixels.samples[i]);
  }
  return out;
}

TEST(Orientation, IsReadInBothByteOrders) {
  for (std::uint8_t told = 1; told <= 8; ++told) {
    EXPECT_EQ(orientation_of(exif_with(told, true)), told);
    EXPECT_EQ(orientation_of(exif_with(told, false)), told);
  }
}

TEST(Orientation, WhatMakesNoSenseIsUpright) {
  EXPECT_EQ(orientation_of(exif_with(0, true)), 1);
  EXPECT_EQ(orientation_of(exif_with(9, true)), 1);
  EXPECT_EQ(orientation_of({}), 1);
  const auto whole = exif_with(6, true);
  for (std::size_t size = 0; size < whole.size() - 3; ++size) {
    EXPECT_EQ(orientation_of(ByteView(whole).first(size)), 1) << size;
  }
  auto lost = whole;
  lost[10] = lost[11] = lost[12] = lost[13] = 0xff;  // its directory
  EXPECT_EQ(orientation_of(lost), 1);
}

// Exif 2.32, figure of tag 274: where the first row and the first column of what is stored stand.
TEST(Orientation, PicturesAreTurnedToWhatIsLookedAt) {
  const auto stored = grey(3, 2,
                           {1, 2, 3,  //
                            4, 5, 6});
  const std::vector<std::vector<std::uint8_t>> seen{
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto turned = upright(stored, orientation);
    EXPECT_EQ(values_of(turned), seen[static_cast<std::size_t>(orientation) - 1]) << orientation;
    EXPECT_EQ(turned.width, orientation < 5 ? 3U : 2U);
  }
}

TEST(Shrinker, AveragesWhatFallsTogether) {
  Shrinker shrinker(960, 2);
  for (const auto value : {std::uint8_t{10}, std::uint8_t{30}}) {
    const std::vector<std::uint8_t> row(960 * 3, value);
    shrinker.add(row.data());
  }
  const auto small = shrinker.take();
  EXPECT_EQ(small.width, 480U);
  EXPECT_EQ(small.height, 1U);
  EXPECT_EQ(values_of(small), std::vector<std::uint8_t>(480, 20));
}

TEST(Shrinker, LeavesSmallOnesAsTheyAre) {
  Shrinker shrinker(2, 1);
  const std::vector<std::uint8_t> row{1, 2, 3, 4, 5, 6};
  shrinker.add(row.data());
  EXPECT_EQ(shrinker.take().samples, row);
}

TEST(Shrinker, AJpegHasItsSizeAndColours) {
  const auto made = jpeg_of(grey(40, 20, std::vector<std::uint8_t>(800, 128)));
  const auto read = shrink(made);
  EXPECT_EQ(read.width, 40U);
  EXPECT_EQ(read.height, 20U);
  EXPECT_NEAR(read.small.samples.at(0), 128, 2);
}

TEST(Shrinker, TransparentPixelsGiveNoColourToTheirNeighbours) {
  Shrinker shrinker(2, 1, 1, 4);
  // Red at a half, and nothing: multiplied by alpha, as the copy's sums are.
  const std::vector<std::uint8_t> row{128, 0, 0, 128, 0, 0, 0, 0};
  shrinker.add(row.data());
  EXPECT_EQ(shrinker.take().samples, (std::vector<std::uint8_t>{64, 0, 0, 64}));
}

TEST(Shrinker, APngKeepsItsTransparency) {
  const Pixels source{
      .width = 2, .height = 1, .channels = 4, .samples = {64, 0, 0, 64, 10, 20, 30, 255}};
  const auto made = png_of(source);
  const auto read = shrink(made, {.side = kEmojiSide, .transparent = true});
  EXPECT_EQ(read.small.samples, source.samples);
  const auto on_paper = shrink(made).small;
  EXPECT_EQ(on_paper.channels, 3U);
  EXPECT_EQ(on_paper.samples, (std::vector<std::uint8_t>{255, 191, 191, 10, 20, 30}));
}

TEST(Shrinker, APngOfThreeChannelsHasItsColours) {
  const auto source = grey(3, 2, {1, 2, 3, 250, 251, 252});
  EXPECT_EQ(values_of(shrink(png_of(source)).small), values_of(source));
}

// How a child ends that is confined and then does something.
template <class F>
int end_of(F act) {
  const auto child = ::fork();
  if (child == 0) {
    if (!confine(std::size_t{1} << 30, 1)) {
      ::_exit(99);
    }
    act();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Confinement, WhatNoDecoderNeedsEndsTheProcess) {
  const auto killed = [](int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; };
  EXPECT_TRUE(killed(end_of([] { ::socket(AF_INET, SOCK_STREAM, 0); })));
  EXPECT_TRUE(killed(end_of([] { ::open("/etc/passwd", O_RDONLY | O_CLOEXEC); })));
  EXPECT_TRUE(killed(end_of([] { ::execl("/bin/true", "true", nullptr); })));
  EXPECT_TRUE(killed(end_of([] { ::fork(); })));
  EXPECT_TRUE(killed(end_of([] { ::kill(::getppid(), 0); })));
}

TEST(Confinement, MemoryAndTimeEnd) {
  const auto status = end_of([] {
    const auto* got = ::mmap(nullptr, std::size_t{2} << 30, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::_exit(got == MAP_FAILED ? 7 : 0);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  volatile bool forever = true;
  const auto busy = end_of([&forever] {
    while (forever) {
    }
  });
  EXPECT_TRUE(WIFSIGNALED(busy));
}
#endif

TEST(Confinement, ComputingAndAnsweringGoOn) {
  const auto status = end_of([] {
    const Bytes much(std::size_t{64} << 20, 1);
    ::_exit(::write(STDOUT_FILENO, "", 0) == 0 && much.back() == 1 ? 5 : 6);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

}  // namespace
}  // namespace unhidra::cli::picture
