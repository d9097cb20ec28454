//! Quantities. Each has a type that gives its unit.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// An amount of money in planck, the smallest unit of the chain's token.
pub type Balance = u128;
/// A block's height.
pub type BlockNumber = u32;

macro_rules! quantity {
	($(#[$doc:meta])* $name:ident($inner:ty)) => {
		$(#[$doc])*
		#[derive(
			Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Encode, Decode,
			DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
		)]
		#[serde(transparent)]
		pub struct $name(pub $inner);
	};
}

quantity!(
	/// Compute units: the cost of a circuit ([`crate::cost`]), or a capacity of so many per block.
	ComputeUnits(u64)
);
quantity!(
	/// A point on the service clock, which counts blocks but stops when the chain cannot serve
	/// (docs/PROTOCOL.md, principle 3).
	Tick(u32)
);
quantity!(
	/// A duration on the service clock, in ticks (blocks while the clock runs).
	Ticks(u32)
);

impl ComputeUnits {
	/// No units.
	pub const ZERO: Self = Self(0);

	/// Sum, or `None` on overflow.
	pub fn checked_add(self, other: Self) -> Option<Self> {
		self.0.checked_add(other.0).map(Self)
	}

	/// Difference, or `None` if `other` is larger.
	pub fn checked_sub(self, other: Self) -> Option<Self> {
		self.0.checked_sub(other.0).map(Self)
	}
}

impl Tick {
	/// The tick `duration` later. Saturates at the clock's end (8,000 years of six-second blocks).
	pub fn after(self, duration: Ticks) -> Self {
		Self(self.0.saturating_add(duration.0))
	}

	/// Ticks since `earlier`; zero if that lies ahead.
	pub fn since(self, earlier: Self) -> Ticks {
		Ticks(self.0.saturating_sub(earlier.0))
	}
}
