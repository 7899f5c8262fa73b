// Own drawings, 16 by 16, in the colour of the text. Each stands beside a word, so that readers of the screen skip it.
const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  alert: "M8 2 1.5 13.5h13L8 2ZM8 6.5v3.2M8 11.6v.2",
  question: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12v.2",
  dot: "M8 5.2a2.8 2.8 0 1 0 .01 0Z",
  ring: "M8 4a4 4 0 1 0 .01 0Z",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0ZM10.5 10.5 14 14",
  plus: "M8 3v10M3 8h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  up: "M8 12.5v-9M4.5 7 8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9 8 12.5 11.5 9",
  right: "M6 4l4 4-4 4",
  below: "M4 6l4 4 4-4",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  out: "M6 3H3v10h10v-3M8.5 2.5h5v5M13 3 7.5 8.5",
  clock: "M8 2.5a5.5 5.5 0 1 0 .01 0ZM8 5v3.2l2 1.6",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  webhook: "M10 2.5v6.5a3.5 3.5 0 0 1-7 0V8M10 2.5h.01",
  event: "M9 1.8 3.5 9h4L7 14.2 12.5 7h-4L9 1.8Z",
  key: "M5 8.5a2.8 2.8 0 1 0 .01 0ZM7 9 13.5 2.5M11 5l2 2",
  activity: "M1.5 8.5h3l2-5 3 9 2-4h3",
  bell: "M3 11.5h10l-1.2-2V7a3.8 3.8 0 0 0-7.6 0v2.5ZM6.8 13.8h2.4",
  types: "M2.5 4h2M7 4h6.5M2.5 8h2M7 8h6.5M2.5 12h2M7 12h6.5",
  branch: "M4.5 6v4M4.5 3a1.5 1.5 0 1 0 .01 0ZM4.5 10a1.5 1.5 0 1 0 .01 0ZM11.5 4a1.5 1.5 0 1 0 .01 0ZM11.5 7c0 2.2-2 2.5-5.5 4",
  log: "M3 2.5h10v11H3ZM5.5 5.5h5M5.5 8h5M5.5 10.5h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
