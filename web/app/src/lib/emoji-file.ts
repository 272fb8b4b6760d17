// Pictures that become emoji, and those of others before they are drawn: what counts is what their bytes say.
import { CoreError, type ImageSize } from "@core/types";
import { fitted, isPicture } from "./files";
import { isDrawable, kHeaderBytes, mayMove, sizeOfPicture, typeOfEmoji } from "./picture-size";

export const kMostBytes = 64 * 1024;
export const kMostSide = 256; // pixels
const kSide = 128; // of one that is made here
const kQualities = [0.92, 0.7, 0.4];

export interface EmojiFile {
  content: Blob;
  dimensions: ImageSize;
}

const unfit = (why: string) => new CoreError("client.emoji_picture", "invalid", why);

async function headOf(picture: Blob): Promise<ArrayBuffer> {
  return picture.slice(0, kHeaderBytes).arrayBuffer();
}

/** Scaled and drawn anew, without what else its file has told; only one that moves stays as it is. */
export async function emojiFrom(file: Blob): Promise<EmojiFile> {
  const head = await headOf(file);
  const size = sizeOfPicture(head);
  const type = typeOfEmoji(head);
  if (type !== undefined && mayMove(head)) {
    if (!size || size.width > kMostSide || size.height > kMostSide || file.size > kMostBytes) {
      throw unfit("what moves is too large");
    }
    (await decoded(file)).close();
    return { content: new Blob([file], { type }), dimensions: size };
  }
  if (!isPicture(file.type) || !(await isDrawable(file))) {
    throw unfit("no picture that can be drawn");
  }
  const bitmap = await decoded(file);
  try {
    const dimensions = fitted({ width: bitmap.width, height: bitmap.height }, { width: kSide, height: kSide });
    const canvas = new OffscreenCanvas(dimensions.width, dimensions.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, dimensions.width, dimensions.height);
    for (const quality of kQualities) {
      const content = await canvas.convertToBlob({ type: "image/webp", quality }); // PNG where a browser cannot
      if (content.size <= kMostBytes) {
        return { content, dimensions };
      }
    }
    throw unfit("too many bytes");
  } finally {
    bitmap.close();
  }
}

async function decoded(picture: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(picture);
  } catch (error) {
    throw unfit(`it cannot be drawn: ${String(error)}`);
  }
}

/** As it may be drawn, or an error: a file of another kind or size than emoji have is not shown. */
export async function checkedEmoji(picture: Blob): Promise<Blob> {
  const head = await headOf(picture);
  const size = sizeOfPicture(head);
  const type = typeOfEmoji(head);
  if (!type || !size || size.width === 0 || size.height === 0 || size.width > kMostSide || size.height > kMostSide || picture.size > kMostBytes) {
    throw unfit("not a picture as emoji have it");
  }
  return new Blob([picture], { type });
}

/** Its first frame, of one that moves. */
export async function stillOf(picture: Blob): Promise<Blob> {
  if (!mayMove(await headOf(picture))) {
    return picture;
  }
  const bitmap = await decoded(picture);
  try {
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    bitmap.close();
  }
}
