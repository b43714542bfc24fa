// Numbers, times and names as people read them. Whatever comes from elsewhere passes `plain`.

const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Text with what nobody sees, or what turns the direction of reading, shown as its escape. */
export function plain(text) {
  return String(text ?? "").replace(
    UNSEEN,
    (sign) => "\\u" + sign.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** Bytes in powers of 1000: "4.2 GB". */
export function size(bytes) {
  let amount = bytes;
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (amount < 999.5) {
      return `${amount.toFixed(unit === "B" || unit === "KB" ? 0 : 1)} ${unit}`;
    }
    amount /= 1000;
  }
  return `${amount.toFixed(1)} TB`;
}

/** A duration in its largest unit: "4 s", "3 min", "2 h". */
export function duration(seconds) {
  const steps = [["s", 60], ["min", 60], ["h", 24]];
  let amount = Math.max(0, Math.round(seconds));
  for (const [unit, next] of steps) {
    if (amount < next) {
      return `${amount} ${unit}`;
    }
    amount = Math.floor(amount / next);
  }
  return `${amount} d`;
}

/** How long ago a moment was. */
export function age(atMs) {
  return duration((Date.now() - atMs) / 1000);
}

/** A share, 0 to 1: "43 %". */
export function share(part) {
  return `${Math.round(100 * part)} %`;
}

/** The time of day of a moment. */
export function clock(atMs) {
  return new Date(atMs).toLocaleTimeString([], {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
  });
}
