"""A quarter in weeks: experiments and ideas under their goals, over the customers there are for them."""
