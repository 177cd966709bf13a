"""The Events API: which changes of the workspace the app hears of."""
