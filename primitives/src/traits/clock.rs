//! Reasons for the service clock to stand, besides governance.

use frame_support::weights::Weight;

/// A reason for the service clock to stand (docs/PROTOCOL.md, principle 3). Reasons compose: a pair holds
/// the clock while one of its members does, and `()` never does.
///
/// `pallet-network-parameters` asks once a block, in `on_initialize`, before the hooks of the pallets
/// that come after it in the runtime: an answer rests on what earlier blocks have stored.
pub trait HoldsClock {
	/// Whether the clock must not tick in the block that begins.
	fn holds_clock() -> bool;
	/// Weight of [`Self::holds_clock`].
	fn weight() -> Weight;
}

impl HoldsClock for () {
	fn holds_clock() -> bool {
		false
	}

	fn weight() -> Weight {
		Weight::zero()
	}
}

impl<A: HoldsClock, B: HoldsClock> HoldsClock for (A, B) {
	fn holds_clock() -> bool {
		A::holds_clock() || B::holds_clock()
	}

	fn weight() -> Weight {
		A::weight().saturating_add(B::weight())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	struct Always;

	impl HoldsClock for Always {
		fn holds_clock() -> bool {
			true
		}

		fn weight() -> Weight {
			Weight::from_parts(3, 0)
		}
	}

	#[test]
	fn a_pair_holds_the_clock_while_a_member_does() {
		assert!(!<() as HoldsClock>::holds_clock());
		assert!(!<((), ()) as HoldsClock>::holds_clock());
		assert!(<(Always, ()) as HoldsClock>::holds_clock());
		assert!(<((), Always) as HoldsClock>::holds_clock());
		assert!(<((), ((), Always)) as HoldsClock>::holds_clock());
	}

	#[test]
	fn a_pair_weighs_what_its_members_weigh() {
		assert_eq!(
			<(Always, Always) as HoldsClock>::weight(),
			Weight::from_parts(6, 0)
		);
	}
}
