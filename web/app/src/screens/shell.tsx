// The frame: list of conversations at the side, what was chosen beside it; one of them at a time on a phone.
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import { Spinner } from "../ui/basics";
import { useNarrow } from "../lib/narrow";
import { putFirst } from "../state/conversations";
import { closePanel, usePanels } from "../state/panels";
import { useApp } from "../state/store";
import { badgeOf } from "../state/timeline";
import { Banners } from "./banners";
import { ConversationScreen } from "./conversation";
import { useShortcuts } from "./keys";
import { Sidebar } from "./sidebar";
import { SignOutDialog } from "./sign-out";
import { ThreadsScreen } from "./thread";
import { Welcome } from "./welcome";

const ChannelsScreen = lazy(() => import("./channels").then(({ ChannelsScreen }) => ({ default: ChannelsScreen })));
const NewChannel = lazy(() => import("./new-place").then(({ NewChannel }) => ({ default: NewChannel })));
const NewSpace = lazy(() => import("./new-place").then(({ NewSpace }) => ({ default: NewSpace })));
const SpaceSettings = lazy(() => import("./space-settings").then(({ SpaceSettings }) => ({ default: SpaceSettings })));
const GroupSettings = lazy(() => import("./group-settings").then(({ GroupSettings }) => ({ default: GroupSettings })));
const SearchScreen = lazy(() => import("./search").then(({ SearchScreen }) => ({ default: SearchScreen })));
const ReactPanel = lazy(() => import("./message-panels").then(({ ReactPanel }) => ({ default: ReactPanel })));
const EmojiPanel = lazy(() => import("./emoji-panel").then(({ EmojiPanel }) => ({ default: EmojiPanel })));
const FollowThreadsPanel = lazy(() => import("./follow-threads").then(({ FollowThreadsPanel }) => ({ default: FollowThreadsPanel })));
const ReadersPanel = lazy(() => import("./message-panels").then(({ ReadersPanel }) => ({ default: ReadersPanel })));
const TextsPanel = lazy(() => import("./message-panels").then(({ TextsPanel }) => ({ default: TextsPanel })));
const DeletePanel = lazy(() => import("./message-panels").then(({ DeletePanel }) => ({ default: DeletePanel })));
const DayPanel = lazy(() => import("./day").then(({ DayPanel }) => ({ default: DayPanel })));
const MediaPanel = lazy(() => import("./attachments").then(({ MediaPanel }) => ({ default: MediaPanel })));
const PicturePanel = lazy(() => import("./attachments").then(({ PicturePanel }) => ({ default: PicturePanel })));
const Settings = lazy(() => import("./settings").then(({ Settings }) => ({ default: Settings })));
const Palette = lazy(() => import("./palette").then(({ Palette }) => ({ default: Palette })));
const NewConversation = lazy(() => import("./people").then(({ NewConversation }) => ({ default: NewConversation })));
const Invite = lazy(() => import("./people").then(({ Invite }) => ({ default: Invite })));
const Members = lazy(() => import("./people").then(({ Members }) => ({ default: Members })));
const Leave = lazy(() => import("./people").then(({ Leave }) => ({ default: Leave })));
const Reset = lazy(() => import("./people").then(({ Reset }) => ({ default: Reset })));
const Verify = lazy(() => import("./verify").then(({ Verify }) => ({ default: Verify })));
const Shortcuts = lazy(() => import("./shortcuts").then(({ Shortcuts }) => ({ default: Shortcuts })));

function useTitle() {
  const unread = useApp(({ overview, levels, marked }) =>
    overview.reduce((sum, { conversation }) => sum + badgeOf(conversation, levels[conversation.id] ?? "all", marked[conversation.id] !== undefined), 0));
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Unhidra` : "Unhidra";
  }, [unread]);
}

const kListed = 20; // about as many as the list shows

/** What is on the screen is caught up with before the rest: what is open, then the top of the list. */
function useFirst(path: string): void {
  const listed = useApp(({ overview }) => overview.slice(0, kListed).map(({ conversation }) => conversation.id).join());
  const open = /^\/c\/([^/]+)/.exec(path)?.[1];
  useEffect(() => {
    putFirst([...new Set([...(open ? [open] : []), ...listed.split(",")])].filter((id) => id !== ""));
  }, [open, listed]);
}

function Panels() {
  const panel = usePanels((state) => state.panel);
  if (!panel) {
    return null;
  }
  return (
    <Suspense>
      {panel.name === "palette" && <Palette onClose={closePanel} />}
      {panel.name === "newConversation" && <NewConversation onClose={closePanel} />}
      {panel.name === "invite" && <Invite onClose={closePanel} />}
      {panel.name === "shortcuts" && <Shortcuts onClose={closePanel} />}
      {panel.name === "signOut" && <SignOutDialog onClose={closePanel} />}
      {panel.name === "members" && <Members group={panel.group} onClose={closePanel} />}
      {panel.name === "leave" && <Leave group={panel.group} onClose={closePanel} />}
      {panel.name === "reset" && <Reset group={panel.group} onClose={closePanel} />}
      {panel.name === "groupSettings" && <GroupSettings group={panel.group} onClose={closePanel} />}
      {panel.name === "newChannel" && <NewChannel space={panel.space} onClose={closePanel} />}
      {panel.name === "newSpace" && <NewSpace space={panel.space} onClose={closePanel} />}
      {panel.name === "spaceSettings" && <SpaceSettings space={panel.space} onClose={closePanel} />}
      {panel.name === "react" && <ReactPanel message={panel.message} onClose={closePanel} />}
      {panel.name === "readers" && <ReadersPanel message={panel.message} onClose={closePanel} />}
      {panel.name === "texts" && <TextsPanel message={panel.message} onClose={closePanel} />}
      {panel.name === "delete" && <DeletePanel message={panel.message} onClose={closePanel} />}
      {panel.name === "day" && <DayPanel conversation={panel.conversation} onClose={closePanel} />}
      {panel.name === "emoji" && <EmojiPanel conversation={panel.conversation} onClose={closePanel} />}
      {panel.name === "followThreads" && <FollowThreadsPanel conversation={panel.conversation} onClose={closePanel} />}
      {panel.name === "media" && <MediaPanel message={panel.message} index={panel.index} onClose={closePanel} />}
      {panel.name === "picture" && <PicturePanel message={panel.message} index={panel.index} onClose={closePanel} />}
      {panel.name === "verify" && <Verify user={panel.user} onClose={closePanel} />}
    </Suspense>
  );
}

export function Shell() {
  const { t } = useTranslation();
  const [path] = useLocation();
  useShortcuts();
  useTitle();
  useFirst(path);
  const narrow = useNarrow();
  if (narrow && (path === "/" || path.startsWith("/sign-"))) {
    return (
      <main className="shell">
        <h1 className="visually-hidden">Unhidra</h1>
        <Sidebar />
        <Panels />
      </main>
    );
  }
  return (
    <div className="shell">
      <a className="skip" href="#main">{t("common.skip")}</a>
      {!narrow && <Sidebar />}
      <main id="main" tabIndex={-1}>
        <h1 className="visually-hidden">Unhidra</h1>
        <Suspense fallback={<div className="whole"><Spinner /></div>}>
          <Switch>
            <Route path="/c/:id/*?">{({ id, "*": rest }) => <ConversationScreen key={id} id={id!} rest={rest} />}</Route>
            <Route path="/channels"><ChannelsScreen /></Route>
            <Route path="/spaces/:id">{({ id }) => <ChannelsScreen key={id} space={id!} />}</Route>
            <Route path="/threads"><ThreadsScreen /></Route>
            <Route path="/search"><SearchScreen /></Route>
            <Route path="/settings/:section?">{({ section }) => <Settings section={section ?? "profile"} />}</Route>
            <Route><Welcome /></Route>
          </Switch>
        </Suspense>
        {narrow && <Banners />}
      </main>
      <Panels />
    </div>
  );
}
