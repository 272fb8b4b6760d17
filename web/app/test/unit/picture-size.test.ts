import { describe, expect, it } from "vitest";
import { isDrawable, kMostPixels, sizeOfPicture } from "../../src/lib/picture-size";

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const big = (value: number, bytes: number) => Array.from({ length: bytes }, (_, at) => (value / 256 ** (bytes - 1 - at)) & 255);
const little = (value: number, bytes: number) => big(value, bytes).reverse();
const of = (...parts: (number | number[])[]) => new Uint8Array(parts.flat()).buffer;
const padded = (bytes: ArrayBuffer) => of([...new Uint8Array(bytes)], Array<number>(32).fill(0));

const png = (width: number, height: number) => of(0x89, ascii("PNG\r\n\x1a\n"), big(13, 4), ascii("IHDR"), big(width, 4), big(height, 4), 8, 2, 0, 0, 0);

describe("the size of a picture", () => {
  it("is what its header says, in every format that is shown", () => {
    const expected = { width: 700, height: 500 };
    const pictures = {
      png: png(700, 500),
      gif: of(ascii("GIF89a"), little(700, 2), little(500, 2)),
      bmp: padded(of(ascii("BM"), Array<number>(16).fill(0), little(700, 4), little(2 ** 32 - 500, 4))),
      jpeg: of(0xff, 0xd8, 0xff, 0xe0, big(4, 2), 1, 2, 0xff, 0xc2, big(11, 2), 8, big(500, 2), big(700, 2), 3, 0, 0),
      lossy: padded(of(ascii("RIFF"), little(0, 4), ascii("WEBPVP8 "), little(0, 4), 0, 0, 0, 0x9d, 0x01, 0x2a, little(700, 2), little(500, 2))),
      lossless: padded(of(ascii("RIFF"), little(0, 4), ascii("WEBPVP8L"), little(0, 4), 0x2f, little(699 | (499 << 14), 4))),
      extended: padded(of(ascii("RIFF"), little(0, 4), ascii("WEBPVP8X"), little(10, 4), little(0, 4), little(699, 3), little(499, 3))),
      avif: of(big(16, 4), ascii("ftypavif"), big(0, 4), big(20, 4), ascii("ispe"), big(0, 4), big(64, 4), big(64, 4),
        big(20, 4), ascii("ispe"), big(0, 4), big(700, 4), big(500, 4)),
    };
    for (const [format, bytes] of Object.entries(pictures)) {
      expect(sizeOfPicture(bytes), format).toEqual(expected);
    }
  });
  it("is unknown of what is cut off, or no picture", () => {
    const whole = new Uint8Array(png(700, 500));
    for (let length = 0; length < 24; ++length) {
      expect(sizeOfPicture(whole.slice(0, length).buffer), `${length} bytes`).toBeUndefined();
    }
    for (const other of [of(ascii("<svg width='9' height='9'/>")), of(ascii("<!doctype html>")), of(0xff, 0xd8, 0xff, 0xd9), of(0xff, 0xd8, 0xff, 0xe0, 0, 0)]) {
      expect(sizeOfPicture(other)).toBeUndefined();
    }
  });
  it("decides whether it is drawn", async () => {
    const drawn = (width: number, height: number) => isDrawable(new Blob([png(width, height)]));
    expect(await drawn(10_000, 5_000)).toBe(true);
    expect(await drawn(10_001, 5_000)).toBe(false);
    expect(await drawn(0xffffffff, 0xffffffff)).toBe(false);
    expect(await drawn(0, 5)).toBe(false);
    expect(await isDrawable(new Blob(["not a picture"]))).toBe(false);
    expect(kMostPixels * 4).toBeLessThan(250_000_000);
  });
  it("is found quickly in what never says it", () => {
    const heads = [of(0xff, 0xd8, Array<number>(200_000).fill(0xff)), of(big(16, 4), ascii("ftyp"), Array<number>(200_000).fill(0x69))];
    const begun = performance.now();
    expect(heads.map(sizeOfPicture)).toEqual([undefined, undefined]);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
