//! The tracks of referenda. docs/GOVERNANCE.md has them as a table, which `tests/governance/tracks.rs` compares.
//!
//! A referendum passes once approval (ayes of all votes, by conviction) and support (ayes of all tokens that could
//! vote, without conviction) are both above the track's curves for the whole confirmation. The curves fall, so
//! that what few oppose passes early and what few care for passes late or not. Support never falls to nothing:
//! while few vote, few must not be enough.

use super::{
	origins::pallet_origins::Origin,
	periods::{blocks, DAY, HOUR, MINUTE},
};
use crate::{Balance, BlockNumber, OriginCaller};
use alloc::borrow::Cow;
use frame_system::RawOrigin;
use inference_primitives::parameters::UNIT;
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use sp_runtime::{str_array as name, Perbill};

/// Identifies a track. Part of events and of votes: never reused.
pub type TrackId = u16;

/// Root's track.
pub const ROOT: TrackId = 0;
/// The track of calls that the technical committee has put on its whitelist.
pub const WHITELISTED_CALLER: TrackId = 1;
/// The track of parameters, setups and proof systems.
pub const PARAMETERS: TrackId = 10;
/// The track of small spends.
pub const SMALL_SPENDER: TrackId = 20;
/// The track of big spends.
pub const BIG_SPENDER: TrackId = 21;

/// A line from one percentage, when the decision begins, to another, when it ends.
const fn falling(from: u32, to: u32) -> Curve {
	Curve::LinearDecreasing {
		length: Perbill::one(),
		floor: Perbill::from_percent(to),
		ceil: Perbill::from_percent(from),
	}
}

/// The tracks by their identifiers, with times in milliseconds.
pub static TRACKS: [Track<TrackId, Balance, u64>; 5] = [
	// May do anything, replace the runtime included: most must agree, and who does not has two days to see it
	// coming, of which one after the result.
	Track {
		id: ROOT,
		info: TrackInfo {
			name: name("root"),
			max_deciding: 5,
			decision_deposit: 5_000 * UNIT,
			prepare_period: 2 * HOUR,
			decision_period: 14 * DAY,
			confirm_period: DAY,
			min_enactment_period: DAY,
			min_approval: falling(100, 60),
			min_support: falling(50, 10),
		},
	},
	// May do anything, but only what two thirds of the technical committee found urgent and right: half an hour.
	Track {
		id: WHITELISTED_CALLER,
		info: TrackInfo {
			name: name("whitelisted_caller"),
			max_deciding: 10,
			decision_deposit: 500 * UNIT,
			prepare_period: 10 * MINUTE,
			decision_period: 7 * DAY,
			confirm_period: 10 * MINUTE,
			min_enactment_period: 10 * MINUTE,
			min_approval: falling(80, 60),
			min_support: falling(10, 2),
		},
	},
	// Prices, deadlines, slashes: within inequalities that the pallet checks, but everybody's terms. Who does not
	// like the new ones has half a day to leave after the result.
	Track {
		id: PARAMETERS,
		info: TrackInfo {
			name: name("parameters"),
			max_deciding: 5,
			decision_deposit: 1_000 * UNIT,
			prepare_period: 2 * HOUR,
			decision_period: 14 * DAY,
			confirm_period: 12 * HOUR,
			min_enactment_period: 12 * HOUR,
			min_approval: falling(100, 50),
			min_support: falling(25, 5),
		},
	},
	// A wrong decision costs at most `SMALL_SPEND`.
	Track {
		id: SMALL_SPENDER,
		info: TrackInfo {
			name: name("small_spender"),
			max_deciding: 20,
			decision_deposit: 50 * UNIT,
			prepare_period: 2 * HOUR,
			decision_period: 7 * DAY,
			confirm_period: 12 * HOUR,
			min_enactment_period: 10 * MINUTE,
			min_approval: falling(100, 50),
			min_support: falling(10, 1),
		},
	},
	// At most `BIG_SPEND`.
	Track {
		id: BIG_SPENDER,
		info: TrackInfo {
			name: name("big_spender"),
			max_deciding: 10,
			decision_deposit: 500 * UNIT,
			prepare_period: 2 * HOUR,
			decision_period: 14 * DAY,
			confirm_period: 2 * DAY,
			min_enactment_period: HOUR,
			min_approval: falling(100, 50),
			min_support: falling(25, 5),
		},
	},
];

/// The tracks, with times in this chain's blocks. Each look-up reads slot duration and speed, which the block has
/// read before.
pub struct Tracks;

impl Tracks {
	fn in_blocks(track: &TrackInfo<Balance, u64>) -> TrackInfo<Balance, BlockNumber> {
		TrackInfo {
			name: track.name,
			max_deciding: track.max_deciding,
			decision_deposit: track.decision_deposit,
			prepare_period: blocks(track.prepare_period),
			decision_period: blocks(track.decision_period),
			confirm_period: blocks(track.confirm_period),
			min_enactment_period: blocks(track.min_enactment_period),
			min_approval: track.min_approval.clone(),
			min_support: track.min_support.clone(),
		}
	}
}

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<TrackId, Balance, BlockNumber>>> {
		TRACKS.iter().map(|track| {
			Cow::Owned(Track {
				id: track.id,
				info: Self::in_blocks(&track.info),
			})
		})
	}

	fn track_for(origin: &OriginCaller) -> Result<TrackId, ()> {
		match origin {
			OriginCaller::system(RawOrigin::Root) => Ok(ROOT),
			OriginCaller::Origins(Origin::WhitelistedCaller) => Ok(WHITELISTED_CALLER),
			OriginCaller::Origins(Origin::Parameters) => Ok(PARAMETERS),
			OriginCaller::Origins(Origin::SmallSpender) => Ok(SMALL_SPENDER),
			OriginCaller::Origins(Origin::BigSpender) => Ok(BIG_SPENDER),
			_ => Err(()),
		}
	}

	fn info(id: TrackId) -> Option<Cow<'static, TrackInfo<Balance, BlockNumber>>> {
		let track = TRACKS.iter().find(|track| track.id == id)?;
		Some(Cow::Owned(Self::in_blocks(&track.info)))
	}
}
