// Spaces stand in spaces: the list that the server tells, as a tree. Pure.
import type { Id, Space } from "@core/types";

/** From this role on a space is administered: it may be changed, and things made in it. */
export const kSpaceAdmin = 3;

const parentOf = (spaces: readonly Space[], { parent }: Space): Space | undefined =>
  parent === undefined ? undefined : spaces.find(({ id }) => id === parent);

/** Those directly in `inside`, or at the top, by name. */
export function spacesIn(spaces: readonly Space[], inside?: Id): Space[] {
  return spaces.filter((space) => parentOf(spaces, space)?.id === inside).sort((a, b) => a.name.localeCompare(b.name));
}

/** The way to a space from the top, with itself; empty when it is not known. */
export function pathOf(spaces: readonly Space[], id: Id | undefined): Space[] {
  const path: Space[] = [];
  let at = spaces.find((space) => space.id === id);
  while (at && !path.includes(at)) {
    path.unshift(at);
    at = parentOf(spaces, at);
  }
  return path;
}

/** "Research / Sensors" */
export const titleOfSpace = (spaces: readonly Space[], id: Id | undefined): string =>
  pathOf(spaces, id).map(({ name }) => name).join(" / ");

/** All of them, each behind the one it stands in. */
export function inOrder(spaces: readonly Space[], inside?: Id): Space[] {
  return spacesIn(spaces, inside).flatMap((space) => [space, ...inOrder(spaces, space.id)]);
}

/**
 * Whether one may make spaces at the top. A role in the organisation holds in all spaces, so the lowest of those known is
 * no lower; without any space it is not known, and the server says.
 */
export const mayMakeAtTop = (spaces: readonly Space[]): boolean => spaces.every(({ role }) => role >= kSpaceAdmin);
