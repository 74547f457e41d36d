"""Other people's services: gates that are asked, receivers that are told."""
