//! The protocol's parameters and the inequalities between them (docs/PROTOCOL.md, section 4).
//!
//! They live in one storage value of `pallet-network-parameters`, set at genesis or by governance,
//! and never without passing [`ProtocolParameters::check`].

use crate::{Balance, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Parts per thousand.
pub type Permille = u16;

/// One token, in planck.
pub const UNIT: Balance = 1_000_000_000_000;

/// The protocol's parameters.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct ProtocolParameters {
	/// Node epoch, blocks: registrations act from the next one on.
	pub node_epoch: u32,
	/// K: blocks after inclusion whose VRF outputs make a workload's seed.
	pub seed_blocks: u32,
	/// L0: latency granted to every assignment on top of its computing time.
	pub base_latency: Ticks,
	/// B: outstanding compute units never exceed capacity × B.
	pub backlog_bound: Ticks,
	/// Shortest time a user may give until the output.
	pub min_deadline: Ticks,
	/// Longest time a user may give until the output.
	pub max_deadline: Ticks,
	/// P_B: compute units owed to a node's prover, assigned ones and delivered but unproven ones,
	/// never exceed capacity × P_B. So a node that proves in the order of assignment has each
	/// proof P_B ticks after the assignment at the latest.
	pub proving_backlog: Ticks,
	/// Time to prove one by one that every proof deadline leaves on top of the backlog, for when an
	/// aggregate fails.
	pub proving_allowance: Ticks,
	/// Time from a deferred delivery to its proof deadline.
	pub proof_deadline: Ticks,
	/// R: draws after the first before a workload is refunded.
	pub redraws: u8,
	/// Longest time in the queue.
	pub queue_ttl: Ticks,
	/// Delay between unbonding and withdrawal.
	pub unbonding: Ticks,
	/// How long a finished workload stays on chain at least.
	pub retention: Ticks,
	/// σ: price of a queue slot, planck. Back if the network failed the workload.
	pub queue_slot_fee: Balance,
	/// F_d: held for a declined workload, of the price.
	pub decline_fee: Permille,
	/// r: fee for value at risk, of that value.
	pub risk_fee: Permille,
	/// s_u: slash for a missed delivery, of the price.
	pub miss_slash: Permille,
	/// c_u: the part of s_u for the user, of the price.
	pub miss_compensation: Permille,
	/// The multiple of the price in a proof stake, S = this · P + V.
	pub proof_stake: Permille,
	/// Compensation for a missed proof, of the price; value at risk comes on top.
	pub proof_compensation: Permille,
	/// τ: the treasury's part of the price (it also gets all above the floor price).
	pub treasury_share: Permille,
	/// Least base price, planck per compute unit.
	pub price_floor: Balance,
	/// Greatest base price, planck per compute unit.
	pub price_ceiling: Balance,
	/// Bond required per compute unit per block pledged, planck.
	pub bond_per_cu: Balance,
	/// Least bond of an operator, planck.
	pub min_bond: Balance,
	/// Registration fee of a model when nobody registered for long, planck.
	pub registration_fee_floor: Balance,
	/// Blocks in which the registration fee falls by half.
	pub registration_fee_half_life: u32,
	/// Storage deposit per byte, planck.
	pub deposit_per_byte: Balance,
	/// Deadlines handled per block at most, and no more than fit their part of its weight; the rest waits for
	/// the next.
	pub deadlines_per_block: u32,
	/// L_f: the service clock stands while finality lags more blocks than this.
	pub finality_lag: u32,
	/// The circuit breaker trips when nodes with so much of all pledged capacity miss deliveries
	/// within [`Self::breaker_window`]. Capacity stands for stake, which covers it at a fixed rate.
	pub breaker_share: Permille,
	/// Within which time the circuit breaker counts a node's misses once.
	pub breaker_window: Ticks,
	/// How long the tripped circuit breaker delays slashes for missed deliveries.
	pub breaker_pause: Ticks,
	/// From one trip of the circuit breaker to the next at least, its pause included.
	pub breaker_cooldown: Ticks,
	/// Deadlines that a node misses in one node epoch before it is suspended.
	pub suspend_after: u32,
}

/// An inequality that the parameters break.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[cfg_attr(feature = "substrate", derive(frame_support::PalletError))]
pub enum ParametersError {
	/// `node_epoch` must exceed `backlog_bound` + `base_latency`.
	EpochTooShort,
	/// `seed_blocks` must lie between 1 and [`ProtocolParameters::MAX_SEED_BLOCKS`].
	BadSeedBlocks,
	/// `base_latency` must be at least 20 blocks, for inclusion.
	LatencyTooShort,
	/// `backlog_bound` must not be zero.
	NoBacklog,
	/// `min_deadline` must be at least `backlog_bound` + `base_latency`, and at most `max_deadline`.
	DeadlineTooShort,
	/// `proving_backlog` must be at least `backlog_bound`.
	ProvingBacklogTooShort,
	/// `proof_deadline` must be at least `proving_backlog` + `base_latency` + `proving_allowance`.
	ProofDeadlineTooShort,
	/// `queue_ttl` must exceed `seed_blocks`, and both together fit the ring of VRF outputs.
	BadQueueTtl,
	/// `unbonding` must exceed the longest life of a workload plus an epoch.
	UnbondingTooShort,
	/// `miss_compensation` must be less than `miss_slash`, which must be at most 1000.
	BadMissSlash,
	/// `proof_stake` must exceed 1000 and cover `proof_compensation`.
	ProofStakeTooSmall,
	/// `treasury_share`, `decline_fee` and `risk_fee` must be at most 1000.
	ShareTooLarge,
	/// `price_floor` must be positive and at most `price_ceiling`.
	BadPriceRange,
	/// `bond_per_cu` must cover 3 · s_u · `price_ceiling` · B.
	BondTooSmall,
	/// `deadlines_per_block` must lie between 1 and
	/// [`ProtocolParameters::MAX_DEADLINES_PER_BLOCK`], `redraws` must be at
	/// most [`ProtocolParameters::MAX_REDRAWS`], and `registration_fee_floor`,
	/// `registration_fee_half_life` and `suspend_after` must not be zero.
	BadLimits,
	/// A sum or product of the parameters overflows.
	Overflow,
	/// `finality_lag` must not be zero, and with [`ProtocolParameters::FINALITY_WINDOW`] be less
	/// than `base_latency`: so the clock stands before what was assigned in the first block that is
	/// not finalised can be due. And less than `retention`: what is removed is final.
	BadFinalityLag,
	/// `breaker_share` must lie between 1 and 1000, `breaker_window` be at least 10 ticks,
	/// `breaker_pause` not be zero, and less than both `breaker_cooldown` and `unbonding`: so delayed
	/// slashes find the stake that owes them.
	BadBreaker,
}

impl ProtocolParameters {
	/// Most seed blocks.
	pub const MAX_SEED_BLOCKS: u32 = 32;
	/// Most redraws: so many operators, and one more, are remembered as having failed a workload.
	pub const MAX_REDRAWS: u8 = 7;
	/// Most deadlines that a block handles: as many as it draws workloads. Their weight bounds them before that.
	pub const MAX_DEADLINES_PER_BLOCK: u32 = 512;
	/// Blocks whose VRF outputs are kept.
	pub const VRF_RING: u32 = 1024;
	/// Blocks whose authors' reports say how far finality lags. Odd, so that a median is one report;
	/// as many as fit between the default L_f and the least L0, because the more authors are asked
	/// the more of them must lie.
	pub const FINALITY_WINDOW: u32 = 11;

	/// The defaults of docs/PROTOCOL.md, section 4, for six-second blocks.
	pub const fn production() -> Self {
		Self {
			node_epoch: 600,
			seed_blocks: 6,
			base_latency: Ticks(30),
			backlog_bound: Ticks(100),
			min_deadline: Ticks(130),
			max_deadline: Ticks(2_400),
			// Leaves 570 of the proof deadline's 2,400 ticks for aggregation.
			proving_backlog: Ticks(1_200),
			proving_allowance: Ticks(600),
			proof_deadline: Ticks(2_400),
			redraws: 2,
			queue_ttl: Ticks(600),
			unbonding: Ticks(100_800),
			retention: Ticks(100_800),
			queue_slot_fee: UNIT / 1000,
			decline_fee: 100,
			risk_fee: 10,
			miss_slash: 500,
			miss_compensation: 100,
			proof_stake: 1_500,
			proof_compensation: 500,
			treasury_share: 100,
			price_floor: UNIT / 10_000,
			price_ceiling: UNIT / 100,
			bond_per_cu: 2 * UNIT,
			min_bond: 100 * UNIT,
			registration_fee_floor: 10 * UNIT,
			registration_fee_half_life: 14_400,
			deposit_per_byte: UNIT / 10_000,
			deadlines_per_block: Self::MAX_DEADLINES_PER_BLOCK,
			finality_lag: 8,
			breaker_share: 200,
			breaker_window: Ticks(100),
			breaker_pause: Ticks(600),
			breaker_cooldown: Ticks(14_400),
			suspend_after: 3,
		}
	}

	/// Those of production for a rehearsal on one machine, with one-second blocks: what takes days there, and nobody
	/// waits for, takes a tenth as many blocks.
	pub const fn local() -> Self {
		Self {
			node_epoch: 150,
			unbonding: Ticks(10_080),
			retention: Ticks(10_080),
			registration_fee_half_life: 1_440,
			breaker_cooldown: Ticks(1_440),
			..Self::production()
		}
	}

	/// Short times for a development chain with one-second blocks. Money as in production.
	pub const fn development() -> Self {
		Self {
			node_epoch: 45,
			seed_blocks: 3,
			base_latency: Ticks(20),
			backlog_bound: Ticks(20),
			min_deadline: Ticks(40),
			max_deadline: Ticks(600),
			proving_backlog: Ticks(20),
			proving_allowance: Ticks(10),
			proof_deadline: Ticks(50),
			redraws: 2,
			queue_ttl: Ticks(120),
			unbonding: Ticks(1_000),
			retention: Ticks(2_000),
			breaker_pause: Ticks(60),
			breaker_cooldown: Ticks(600),
			..Self::production()
		}
	}

	/// Λ: the longest life of a workload, submission to its last deadline. `None` on overflow.
	/// An attempt waits for the draw, then for the output at most P_B on top of the base latency:
	/// an Immediate output comes with its proof, which all earlier proofs precede.
	pub fn longest_life(&self) -> Option<Ticks> {
		let attempt = self
			.queue_ttl
			.0
			.checked_add(self.base_latency.0)?
			.checked_add(self.proving_backlog.0)?;
		attempt
			.checked_mul(u32::from(self.redraws).checked_add(1)?)?
			.checked_add(self.proof_deadline.0)
			.map(Ticks)
	}

	/// Checks every inequality.
	pub fn check(&self) -> Result<(), ParametersError> {
		use ParametersError::*;
		let ensure = |condition: bool, error| if condition { Ok(()) } else { Err(error) };
		let service = self
			.backlog_bound
			.0
			.checked_add(self.base_latency.0)
			.ok_or(Overflow)?;
		ensure(self.node_epoch > service, EpochTooShort)?;
		ensure(
			(1..=Self::MAX_SEED_BLOCKS).contains(&self.seed_blocks),
			BadSeedBlocks,
		)?;
		ensure(self.base_latency.0 >= 20, LatencyTooShort)?;
		ensure(self.backlog_bound.0 > 0, NoBacklog)?;
		ensure(
			self.min_deadline.0 >= service && self.min_deadline <= self.max_deadline,
			DeadlineTooShort,
		)?;
		ensure(
			self.proving_backlog >= self.backlog_bound,
			ProvingBacklogTooShort,
		)?;
		let proving = self
			.proving_backlog
			.0
			.checked_add(self.base_latency.0)
			.and_then(|time| time.checked_add(self.proving_allowance.0))
			.ok_or(Overflow)?;
		ensure(self.proof_deadline.0 >= proving, ProofDeadlineTooShort)?;
		let seeds = self
			.queue_ttl
			.0
			.checked_add(self.seed_blocks)
			.ok_or(Overflow)?;
		ensure(
			self.queue_ttl.0 > self.seed_blocks && seeds < Self::VRF_RING,
			BadQueueTtl,
		)?;
		let life = self.longest_life().ok_or(Overflow)?;
		let life_and_epoch = life.0.checked_add(self.node_epoch).ok_or(Overflow)?;
		ensure(self.unbonding.0 > life_and_epoch, UnbondingTooShort)?;
		ensure(
			self.miss_compensation < self.miss_slash && self.miss_slash <= 1_000,
			BadMissSlash,
		)?;
		ensure(
			self.proof_stake > 1_000 && self.proof_stake >= self.proof_compensation,
			ProofStakeTooSmall,
		)?;
		ensure(
			[self.treasury_share, self.decline_fee, self.risk_fee]
				.iter()
				.all(|s| *s <= 1_000),
			ShareTooLarge,
		)?;
		ensure(
			self.price_floor > 0 && self.price_floor <= self.price_ceiling,
			BadPriceRange,
		)?;
		let misses = self
			.price_ceiling
			.checked_mul(3)
			.and_then(|x| x.checked_mul(Balance::from(self.miss_slash)))
			.and_then(|x| x.checked_mul(Balance::from(self.backlog_bound.0)))
			.ok_or(Overflow)?
			.div_ceil(1_000);
		ensure(self.bond_per_cu >= misses, BondTooSmall)?;
		ensure(
			(1..=Self::MAX_DEADLINES_PER_BLOCK).contains(&self.deadlines_per_block)
				&& self.redraws <= Self::MAX_REDRAWS
				&& self.registration_fee_floor > 0
				&& self.registration_fee_half_life > 0
				&& self.suspend_after > 0,
			BadLimits,
		)?;
		let held_after = self
			.finality_lag
			.checked_add(Self::FINALITY_WINDOW)
			.ok_or(Overflow)?;
		ensure(
			self.finality_lag > 0
				&& held_after < self.base_latency.0
				&& held_after < self.retention.0,
			BadFinalityLag,
		)?;
		ensure(
			(1..=1_000).contains(&self.breaker_share)
				&& self.breaker_window.0 >= 10
				&& self.breaker_pause.0 > 0
				&& self.breaker_pause < self.breaker_cooldown
				&& self.breaker_pause < self.unbonding,
			BadBreaker,
		)
	}
}

/// `amount · permille / 1000`, rounded down. `None` on overflow.
pub fn permille_of(amount: Balance, permille: Permille) -> Option<Balance> {
	amount
		.checked_mul(Balance::from(permille))
		.map(|x| x / 1_000)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn both_presets_keep_every_inequality() {
		assert_eq!(ProtocolParameters::production().check(), Ok(()));
		assert_eq!(ProtocolParameters::local().check(), Ok(()));
		assert_eq!(ProtocolParameters::development().check(), Ok(()));
	}

	#[test]
	fn each_broken_inequality_is_named() {
		use ParametersError::*;
		type Break = fn(&mut ProtocolParameters);
		let cases: [(Break, ParametersError); 28] = [
			(|p| p.node_epoch = 130, EpochTooShort),
			(|p| p.seed_blocks = 0, BadSeedBlocks),
			(|p| p.base_latency = Ticks(19), LatencyTooShort),
			(|p| p.backlog_bound = Ticks(0), NoBacklog),
			(|p| p.min_deadline = Ticks(129), DeadlineTooShort),
			(|p| p.max_deadline = Ticks(129), DeadlineTooShort),
			(|p| p.proving_backlog = Ticks(99), ProvingBacklogTooShort),
			(|p| p.proving_backlog = Ticks(u32::MAX), Overflow),
			(|p| p.proof_deadline = Ticks(1_829), ProofDeadlineTooShort),
			(|p| p.queue_ttl = Ticks(6), BadQueueTtl),
			(|p| p.queue_ttl = Ticks(1_020), BadQueueTtl),
			(|p| p.unbonding = Ticks(8_490), UnbondingTooShort),
			(|p| p.miss_compensation = 500, BadMissSlash),
			(|p| p.proof_stake = 1_000, ProofStakeTooSmall),
			(|p| p.treasury_share = 1_001, ShareTooLarge),
			(|p| p.bond_per_cu = 1, BondTooSmall),
			(|p| p.price_ceiling = Balance::MAX, Overflow),
			(|p| p.registration_fee_floor = 0, BadLimits),
			(|p| p.finality_lag = 0, BadFinalityLag),
			(|p| p.finality_lag = 19, BadFinalityLag),
			(
				|p| p.retention = Ticks(p.finality_lag + ProtocolParameters::FINALITY_WINDOW),
				BadFinalityLag,
			),
			(|p| p.breaker_share = 0, BadBreaker),
			(|p| p.breaker_window = Ticks(9), BadBreaker),
			(|p| p.breaker_pause = Ticks(0), BadBreaker),
			(|p| p.breaker_cooldown = Ticks(600), BadBreaker),
			(|p| p.breaker_pause = p.unbonding, BadBreaker),
			(|p| p.suspend_after = 0, BadLimits),
			(
				|p| {
					p.redraws = ProtocolParameters::MAX_REDRAWS + 1;
					p.unbonding = Ticks(1_000_000);
				},
				BadLimits,
			),
		];
		for (break_it, error) in cases {
			let mut parameters = ProtocolParameters::production();
			break_it(&mut parameters);
			assert_eq!(parameters.check(), Err(error));
		}
	}

	#[test]
	fn permille_rounds_down_and_never_wraps() {
		assert_eq!(permille_of(1_999, 500), Some(999));
		assert_eq!(permille_of(Balance::MAX, 500), None);
	}
}
