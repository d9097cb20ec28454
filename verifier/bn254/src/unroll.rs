//! Loops over the limbs of a number, written out: the index is a constant in every copy of the
//! body, so that arrays become locals. `rustc` does not unroll a nested loop of 81 steps by itself.

/// Runs the body with `$i` = 0, 1, …, 8 as a constant.
macro_rules! for_9 {
	($i:ident => $body:block) => {{
		$crate::unroll::expand!($i => $body; 0 1 2 3 4 5 6 7 8);
	}};
}

/// Runs the body with `$i` = 0, 1, …, 6 as a constant.
macro_rules! for_7 {
	($i:ident => $body:block) => {{
		$crate::unroll::expand!($i => $body; 0 1 2 3 4 5 6);
	}};
}

/// Runs the body with `$i` = 0, 1, …, 7 as a constant.
macro_rules! for_8 {
	($i:ident => $body:block) => {{
		$crate::unroll::expand!($i => $body; 0 1 2 3 4 5 6 7);
	}};
}

/// Runs the body with `$i` = 0, 1, …, 16 as a constant.
macro_rules! for_17 {
	($i:ident => $body:block) => {{
		$crate::unroll::expand!($i => $body; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
	}};
}

macro_rules! expand {
	($i:ident => $body:block; $($n:literal)*) => {
		$({
			#[allow(non_upper_case_globals)]
			const $i: usize = $n;
			$body
		})*
	};
}

pub(crate) use {expand, for_17, for_7, for_8, for_9};
