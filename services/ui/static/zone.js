// The reader's time zone, for the times that the server writes.
document.cookie = `daimon_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;
