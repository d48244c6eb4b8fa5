"""What matches are found for, which decides how: to show a page, to rank the newest of them, or to count them."""

PAGE, RANKING, COUNTING = "page", "ranking", "counting"
