//! What hostile or unlucky input may not do: stop the clock, hang, abort, or take memory without bound.

mod clock;
