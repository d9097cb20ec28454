//! `pallet-staking`: validators are elected by the stake behind them (nominated proof of stake), rewarded by
//! era, and slashed for equivocating. Why this pallet: docs/decisions/0018.
//!
//! **Money.** What an era pays is minted ([`EraPayout`]); its remainder and every slash go to the treasury.
//! Stake is held by balances (hold reason `Staking`), beside an operator's bond, and votes
//! (`governance::voting_stake`).

use super::governance::voting_stake::VotingStake;
use crate::{
	AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeHoldReason, Session, Staking,
	Timestamp, VoterList,
};
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, SequentialPhragmen, VoteWeight,
};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstBool, ConstU32, Get, Nothing},
};
use frame_system::EnsureRoot;
use pallet_treasury::TreasuryAccountId;
use sp_runtime::{Perbill, Perquintill};
use sp_staking::{EraIndex, SessionIndex};

/// Milliseconds of a Julian year.
const YEAR_MS: u64 = 31_557_600_000;

/// Most validators that an election returns.
pub type MaxValidators = ConstU32<100>;
/// Most nominators whose stake a page of an exposure lists: a payout pays one page.
type NominatorsPerPage = ConstU32<64>;
/// Most nominators of a validator in an era, those with most stake: what a slash, and the weight of a report of an
/// equivocation, count with.
pub type MaxNominators = ConstU32<512>;
/// Most candidates: an election that finds more fails, and with it the era. A genesis must say so, too
/// (`staking.maxValidatorCount`), for it is there that the next one is refused.
pub const MAX_CANDIDATES: u32 = 500;

parameter_types! {
	/// An election runs in one block, as weight that no transaction can have: what it looks at is bounded.
	pub Bounds: ElectionBounds = ElectionBoundsBuilder::default()
		.voters_count(2_000.into())
		.targets_count(MAX_CANDIDATES.into())
		.build();
	/// 2^i for each i: a staker's bag is the one of its stake's greatest bit.
	pub const BagThresholds: &'static [VoteWeight] = &POWERS_OF_TWO;
	/// Inflation, a year, however little is staked.
	pub const LeastInflation: Perquintill = Perquintill::from_percent(1);
	/// Inflation at the ideal stake.
	pub const MostInflation: Perquintill = Perquintill::from_percent(6);
	/// Part of all tokens whose stake is rewarded most.
	pub const IdealStake: Perquintill = Perquintill::from_percent(50);
	/// How much more stake than that halves what inflation adds to the least.
	pub const Falloff: Perquintill = Perquintill::from_percent(5);
}

const POWERS_OF_TWO: [VoteWeight; 64] = {
	let mut powers = [1; 64];
	let mut i = 1;
	while i < 64 {
		powers[i] = powers[i - 1] << 1;
		i += 1;
	}
	powers
};

/// Sessions of an era; fixed at genesis.
pub struct SessionsPerEra;
impl Get<SessionIndex> for SessionsPerEra {
	fn get() -> SessionIndex {
		pallet_network_parameters::SessionsPerEra::<Runtime>::get()
	}
}

/// Eras for which stake stays bonded after it is taken off, and can be slashed; fixed at genesis.
pub struct BondingDuration;
impl Get<EraIndex> for BondingDuration {
	fn get() -> EraIndex {
		pallet_network_parameters::BondingEras::<Runtime>::get()
	}
}

/// Eras between an offence and its slash, in which governance can cancel it. Two less than stake stays bonded:
/// stake is free in the last session before the era in which it may leave begins, a slash is taken when its era does.
pub struct SlashDeferDuration;
impl Get<EraIndex> for SlashDeferDuration {
	fn get() -> EraIndex {
		BondingDuration::get().saturating_sub(2)
	}
}

/// Set ids of GRANDPA whose session is remembered, for reports of equivocations: as long as stake stays bonded.
pub struct MaxSetIdSessionEntries;
impl Get<u64> for MaxSetIdSessionEntries {
	fn get() -> u64 {
		u64::from(BondingDuration::get()).saturating_mul(SessionsPerEra::get().into())
	}
}

/// Blocks in which an equivocation can be reported: as long as stake stays bonded.
pub struct ReportLongevity;
impl Get<u64> for ReportLongevity {
	fn get() -> u64 {
		MaxSetIdSessionEntries::get().saturating_mul(super::babe::EpochDuration::get())
	}
}

/// What an era mints: validators and nominators have what the stake earns by the curve of
/// pallet-staking-reward-fn between [`LeastInflation`] and [`MostInflation`], the treasury what is missing to
/// the latter.
pub struct EraPayout;
impl sp_staking::EraPayout<Balance> for EraPayout {
	fn era_payout(staked: Balance, issuance: Balance, era_ms: u64) -> (Balance, Balance) {
		let staked = Perquintill::from_rational(staked, issuance);
		let curve =
			pallet_staking_reward_fn::compute_inflation(staked, IdealStake::get(), Falloff::get());
		let (least, most) = (LeastInflation::get(), MostInflation::get());
		let inflation = least + (most - least) * curve;
		// An era that stood still for a year is not paid for more than that.
		let part_of_year = Perquintill::from_rational(era_ms.min(YEAR_MS), YEAR_MS);
		let of_year = |rate: Perquintill| part_of_year * (rate * issuance);
		let (stakers, all) = (of_year(inflation), of_year(most));
		(stakers, all.saturating_sub(stakers))
	}
}

/// The election: sequential Phragmén, in the block that plans an era.
pub struct OnChainPhragmen;
impl onchain::Config for OnChainPhragmen {
	type System = Runtime;
	type Solver = SequentialPhragmen<AccountId, Perbill>;
	type DataProvider = Staking;
	type WeightInfo = frame_election_provider_support::weights::SubstrateWeight<Runtime>;
	type Bounds = Bounds;
	// Without it an election fails that finds more backers than the bounds.
	type Sort = ConstBool<true>;
	type MaxBackersPerWinner = MaxNominators;
	type MaxWinnersPerPage = MaxValidators;
}

/// Sizes of the pallet's own benchmarks.
pub struct StakingBenchmarks;
impl pallet_staking::BenchmarkingConfig for StakingBenchmarks {
	type MaxValidators = MaxValidators;
	type MaxNominators = ConstU32<1_000>;
}

impl pallet_staking::Config for Runtime {
	type OldCurrency = Balances;
	type Currency = VotingStake;
	type RuntimeHoldReason = RuntimeHoldReason;
	type CurrencyBalance = Balance;
	type UnixTime = Timestamp;
	type CurrencyToVote = sp_staking::currency_to_vote::U128CurrencyToVote;
	type ElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type GenesisElectionProvider = onchain::OnChainExecution<OnChainPhragmen>;
	type NominationsQuota = pallet_staking::FixedNominationsQuota<16>;
	type HistoryDepth = ConstU32<{ pallet_network_parameters::MOST_BONDING_ERAS }>;
	type RewardRemainder = ResolveTo<TreasuryAccountId<Runtime>, Balances>;
	type RuntimeEvent = RuntimeEvent;
	type Slash = ResolveTo<TreasuryAccountId<Runtime>, Balances>;
	type Reward = ();
	type SessionsPerEra = SessionsPerEra;
	type BondingDuration = BondingDuration;
	type SlashDeferDuration = SlashDeferDuration;
	type AdminOrigin = EnsureRoot<AccountId>;
	type SessionInterface = Self;
	type EraPayout = EraPayout;
	type NextNewSession = Session;
	type MaxExposurePageSize = NominatorsPerPage;
	type MaxValidatorSet = MaxValidators;
	type VoterList = VoterList;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxControllersInDeprecationBatch = ConstU32<0>;
	type EventListeners = ();
	type Filter = Nothing;
	type BenchmarkingConfig = StakingBenchmarks;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

/// `VoterList`'s weights.
pub type VoterListWeights = pallet_bags_list::weights::SubstrateWeight<Runtime>;

/// Accounts that `VoterList` sorts anew in a block, in the weight that is idle.
pub type MaxAutoRebagPerBlock = ConstU32<10>;

impl pallet_bags_list::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = VoterListWeights;
	type ScoreProvider = Staking;
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = MaxAutoRebagPerBlock;
	type Score = VoteWeight;
}
