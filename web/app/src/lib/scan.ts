// Reads a QR code from the camera, with the platform's own detector.
interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

const detectorClass = () => (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;

export const canScan = () => detectorClass() !== undefined && navigator.mediaDevices !== undefined;

/** The first code that is seen; nothing when it was stopped. Throws when there is no camera. */
export async function scanFor(video: HTMLVideoElement, stop: AbortSignal): Promise<string | undefined> {
  const detector = new (detectorClass()!)({ formats: ["qr_code"] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    while (!stop.aborted) {
      const [code] = await detector.detect(video);
      if (code) {
        return code.rawValue;
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    return undefined;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
  }
}
