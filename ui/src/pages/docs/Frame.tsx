/* What is around every page of the docs: the list of pages, the page, and what is on it. */
import { type ReactNode, useState } from "react";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { Icon } from "@/lib/kit/Icon";
import { OnThisPage, Pages } from "@/pages/docs/Contents";
import type { Heading } from "@/pages/docs/headings";
import { SearchButton } from "@/pages/docs/Search";

export function Frame({
  headings,
  aside,
  children,
}: {
  headings: Heading[];
  /** in place of the list of headings: a list of the page's own; it is told when to close */
  aside?: (onGo?: () => void) => ReactNode;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const column = "sticky top-16 max-h-[calc(100dvh-4rem)] overflow-y-auto py-8";
  const own = aside ?? ((onGo?: () => void) => <OnThisPage headings={headings} onGo={onGo} />);
  return (
    <div className="mx-auto grid w-full max-w-[100rem] flex-1 gap-x-10 px-4 sm:px-6 lg:grid-cols-[15rem_minmax(0,1fr)] xl:grid-cols-[15rem_minmax(0,1fr)_15rem]">
      <div className="flex items-center gap-2 pt-4 lg:hidden">
        <Button onClick={() => setOpen(true)}>
          <Icon name="menu" className="size-4" /> Contents
        </Button>
        <SearchButton />
      </div>
      {open && (
        <Dialog title="Docs" onClose={close} drawer>
          <div className="grid gap-8">
            {own(close)}
            <Pages onGo={close} />
          </div>
        </Dialog>
      )}
      <div className="max-lg:hidden">
        <div className={`${column} grid content-start gap-6`}>
          <SearchButton />
          <Pages />
        </div>
      </div>
      <div className="min-w-0 py-8 lg:py-10">{children}</div>
      <div className="max-xl:hidden">
        <div className={column}>{own()}</div>
      </div>
    </div>
  );
}
