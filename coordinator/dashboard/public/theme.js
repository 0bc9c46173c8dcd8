// Before the first paint: the theme that was chosen. Without a choice the reader's system decides.
(() => {
  try {
    const theme = localStorage.getItem('zkattr-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch { /* storage is off: the system decides */ }
})();
