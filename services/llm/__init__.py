"""The llm service: turns, the menu of actions, and the engines that answer."""
