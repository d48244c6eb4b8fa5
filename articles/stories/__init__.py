"""Stories: an event as a lead and its members, their links, their numbers and the reasons for them."""
