//! What a message to a telephone takes from: its account, the network it is asked for from, its block of numbers, its
//! country, the hour and the money. The counting itself is the store's.

use std::{net::IpAddr, time::Duration};

use super::{App, Result, SendAvailability};
use crate::{
    account::{AccountId, MethodKind, PhoneNumber},
    authn::Refusal,
    store::{Budget, BudgetKind, Toll, Withheld, WithheldBy},
};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Who asks for a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    /// For whom.
    pub(super) account: AccountId,
    /// From where.
    pub(super) address: IpAddr,
}

/// Where a message would go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination<'a> {
    pub(super) number: &'a PhoneNumber,
    pub(super) channel: MethodKind,
    /// It is a method: a code that went there came back.
    pub(super) proven: bool,
}

impl App {
    /// All that a message has to have room in.
    pub(super) fn toll(&self, to: Destination<'_>, asking: Asking) -> Result<Toll> {
        let snapshot = self.snapshot();
        let config = &snapshot.guards.budget;
        let toll = snapshot.guards.toll(to.number, to.channel, to.proven);
        let hex = |digest: crate::secret::Digest| data_encoding::HEXLOWER.encode(digest.as_bytes());
        let count = |by, of: String, most: u32, window| Budget {
            by,
            of,
            amount: 1,
            most: i64::from(most),
            window,
            unless: None,
        };
        let account = asking.account.to_string();
        let network = hex(self.network_key(asking.address)?);
        let mut budgets = vec![
            count(BudgetKind::Account, account.clone(), config.per_account, DAY),
            count(BudgetKind::Network, network, config.per_network, HOUR),
            count(BudgetKind::Block, toll.block.clone(), config.per_block, HOUR),
            count(BudgetKind::Country, toll.country.clone(), config.per_country, DAY),
            count(BudgetKind::All, String::new(), config.per_hour, HOUR),
            Budget {
                by: BudgetKind::Money,
                of: String::new(),
                amount: toll.cost,
                most: config.money,
                window: DAY,
                unless: None,
            },
        ];
        if to.channel == MethodKind::Voice {
            let number = hex(self.throttle_key(&[b"calls", to.number.e164().as_bytes()])?);
            budgets.push(count(BudgetKind::Calls, number, config.calls_per_number, DAY));
        }
        if !to.proven {
            // A number is new to an account once; sending to it again is not another one.
            let number = hex(self.throttle_key(&[b"new", account.as_bytes(), to.number.e164().as_bytes()])?);
            let unless = Some(format!("{}:{number}", BudgetKind::NewNumber.as_str()));
            let numbers = count(BudgetKind::NewNumbers, account.clone(), config.new_numbers_per_account, DAY);
            budgets.push(Budget { unless, ..numbers });
            budgets.push(count(BudgetKind::NewNumber, number, u32::MAX, DAY));
            budgets.push(count(BudgetKind::NewOfAccount, account, config.new_per_account, DAY));
            budgets.push(count(BudgetKind::NewOfBlock, toll.block.clone(), config.new_per_block, HOUR));
        }
        Ok(Toll { budgets, ..toll })
    }

    /// What the waits allow, and beside them the number itself, its day, and everything it takes from.
    pub(super) async fn available(
        &self,
        waits: SendAvailability,
        to: Option<Destination<'_>>,
        asking: Asking,
    ) -> Result<SendAvailability> {
        let now = self.now();
        let Some(to) = to else { return Ok(waits) };
        if self.snapshot().guards.reachable(to.number).is_err() {
            return Ok(SendAvailability::Blocked);
        }
        if waits != SendAvailability::Now {
            return Ok(waits);
        }
        if let Some(until) = self.store.rate_reached(self.day_of(to.number)?, now).await? {
            return Ok(SendAvailability::Exhausted(until));
        }
        let withheld = self.store.withheld(&self.toll(to, asking)?, now).await?;
        Ok(match withheld.map(|withheld| withheld.until) {
            None => SendAvailability::Now,
            Some(Some(until)) => SendAvailability::Exhausted(until),
            Some(None) => SendAvailability::Blocked,
        })
    }

    /// A message was not ordered: the operator is told why, the person from when it goes on.
    pub(super) async fn not_ordered(&self, withheld: Withheld, toll: Option<&Toll>, asking: Asking) -> Result<Refusal> {
        let (country, block) = toll.map_or(("", ""), |toll| (toll.country.as_str(), toll.block.as_str()));
        let (reason, now) = (withheld.by.as_str(), self.now());
        let account = asking.account;
        tracing::warn!(%account, reason, country, block, "a message was asked for and is not sent");
        self.store.count_refused(reason, country, now).await?;
        if let WithheldBy::Budget(BudgetKind::Money | BudgetKind::Country | BudgetKind::All) = withheld.by {
            let until = withheld.until.map(|until| format!(" until {until}")).unwrap_or_default();
            let what = match withheld.by {
                WithheldBy::Budget(BudgetKind::Country) => format!("messages to {country}"),
                _ => "all messages".to_owned(),
            };
            let text = format!("the budget {reason:?} is used up: {what} to telephones are refused{until}");
            self.warn_operators(format!("budget:{reason}:{country}"), text, HOUR).await?;
        }
        Ok(withheld.until.map_or(Refusal::NotThere, Refusal::NoMoreSends))
    }
}
