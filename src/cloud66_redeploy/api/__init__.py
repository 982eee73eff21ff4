"""Cloud 66's API: HTTP, retries, and the hourly limit."""
