import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startI18n } from "./i18n";
import { followPreferences } from "./state/preferences";
import { openSession } from "./state/session";
import { FailureBoundary } from "./ui/failure";
import { registerServiceWorker } from "./trusted";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/timeline.css";
import "./styles/files.css";
import "./styles/places.css";

followPreferences();
void openSession(); // the engine loads while the page is drawn
await startI18n();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <FailureBoundary>
      <App />
    </FailureBoundary>
  </StrictMode>,
);
// Without it the application works, only not offline.
registerServiceWorker().catch((error: unknown) => console.warn("no offline mode:", error));
