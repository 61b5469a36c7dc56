"""The same verbs under a virtual clock: replay, configuration tests, plans. Touches no live state, sends nothing."""
