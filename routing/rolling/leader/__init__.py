"""The one leader of all rollouts: hears, decides, saves, and only then has things done."""
