// Files that are dragged over a part of the page, and dropped there.
import { useRef, useState, type DragEvent } from "react";

const carriesFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");

export function useDrop(onFiles: (files: File[]) => void) {
  const [over, setOver] = useState(false);
  const depth = useRef(0); // entering a child leaves its parent
  const step = (by: number) => (event: DragEvent) => {
    if (carriesFiles(event)) {
      event.preventDefault();
      event.stopPropagation();
      depth.current = Math.max(0, depth.current + by);
      setOver(depth.current > 0);
    }
  };
  return {
    over,
    handlers: {
      onDragEnter: step(1),
      onDragOver: step(0),
      onDragLeave: step(-1),
      onDrop: (event: DragEvent) => {
        if (carriesFiles(event)) {
          event.preventDefault();
          event.stopPropagation();
          depth.current = 0;
          setOver(false);
          onFiles([...event.dataTransfer.files]);
        }
      },
    },
  };
}
