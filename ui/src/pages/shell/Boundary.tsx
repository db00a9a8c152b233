import { Component, type ReactNode } from "react";
import { Button } from "@/lib/kit/Button";
import { ErrorNotice } from "@/lib/kit/Notice";

/** A page that fell over says so, with a way on; the shell around it, and what is stored, is untouched. */
export class Boundary extends Component<{ children: ReactNode; outer?: boolean }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error ?? new Error("It said nothing of why.") };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const Frame = this.props.outer ? "main" : "div";
    return (
      <Frame className={`shell grid max-w-2xl content-center gap-4 ${this.props.outer ? "min-h-dvh" : "flex-1 py-16"}`}>
        <h1 className="font-display text-3xl font-semibold">This page stopped working.</h1>
        <ErrorNotice error={this.state.error} />
        <div className="flex flex-wrap gap-2">
          <Button look="primary" onClick={() => location.reload()}>
            Load it again
          </Button>
          {!this.props.outer && <Button onClick={() => this.setState({ error: null })}>Try to go on</Button>}
        </div>
      </Frame>
    );
  }
}
