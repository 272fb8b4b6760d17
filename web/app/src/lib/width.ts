/** The screens that show one thing at a time. The style sheets call it `@media (--narrow)`; vite.config.ts puts it in. */
export const kNarrow = "(max-width: 760px)";
