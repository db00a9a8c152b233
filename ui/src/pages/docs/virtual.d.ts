declare module "virtual:docs" {
  /** Each of docs/*.md: its name, its title, its first sentence. */
  export const pages: { page: string; title: string; lead: string }[];
}
