// When a phone's keyboard comes up, the chat rises with it and the picture stays where it is.

export function keyboardLift(root: HTMLElement): void {
  const view = window.visualViewport;
  if (!view) return;
  const lift = (): void => {
    const covered = Math.max(0, window.innerHeight - view.height - view.offsetTop);
    root.style.setProperty("--keyboard", `${Math.round(covered)}px`);
    root.classList.toggle("is-typing", covered > 120);
  };
  view.addEventListener("resize", lift);
  view.addEventListener("scroll", lift);
}
