//! Access tokens.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore, outbox,
    rows::{self, Cells, account_columns},
};
use crate::{
    account::AccountId,
    clock::Timestamp,
    secret::Digest,
    session::{AccessToken, AccessTokenId, TokenScope},
    store::{NewAccessToken, NoToken, Result, StoreError, StoredAccessToken},
};

/// A scope in its column.
#[derive(Serialize, Deserialize)]
struct Scope {
    paths: Vec<String>,
    methods: Vec<String>,
    networks: Vec<String>,
}

impl Scope {
    fn of(scope: &TokenScope) -> Self {
        let networks = scope.networks.iter().map(ToString::to_string).collect();
        Self { paths: scope.paths.clone(), methods: scope.methods.clone(), networks }
    }

    /// A network that cannot be read must not become none, which would be everywhere.
    fn read(text: &str) -> Option<TokenScope> {
        let Self { paths, methods, networks } = serde_json::from_str(text).ok()?;
        let networks = networks.iter().map(|network| network.parse()).collect::<std::result::Result<_, _>>().ok()?;
        Some(TokenScope { paths, methods, networks })
    }
}

/// Tokens with their accounts, never those of a disabled or frozen account.
macro_rules! tokens {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", t.id AS t_id, t.label AS t_label, t.scope AS t_scope, t.created_at AS t_created_at,
               t.expires_at AS t_expires_at, t.last_used_at AS t_last_used_at
             FROM access_tokens t JOIN accounts a ON a.id = t.account_id
             WHERE a.disabled_at IS NULL AND a.frozen_at IS NULL ",
            $rest
        )
    };
}

fn token(row: &SqliteRow) -> Result<StoredAccessToken> {
    let account = rows::account(row)?;
    let cells = Cells::of(row, "access_tokens", "t_id")?;
    let token = AccessToken {
        id: cells.text("t_id", AccessTokenId::parse)?,
        account: account.id,
        label: cells.text("t_label", |text| Some(text.to_owned()))?,
        scope: cells.text("t_scope", Scope::read)?,
        created_at: cells.time("t_created_at")?,
        expires_at: cells.time("t_expires_at")?,
        last_used_at: cells.optional_time("t_last_used_at")?,
    };
    Ok(StoredAccessToken { token, account })
}

impl SqliteStore {
    pub(in crate::store) async fn create_token(
        &self,
        new: &NewAccessToken,
    ) -> Result<std::result::Result<(), NoToken>> {
        let NewAccessToken { token, digest, most, notices } = new;
        let unwritable =
            |_unwritable| StoreError::Corrupt { table: "access_tokens", column: "scope", row: token.id.to_string() };
        let scope = serde_json::to_string(&Scope::of(&token.scope)).map_err(unwritable)?;
        let mut tx = self.write().await?;
        let acts = sqlx::query("SELECT id FROM accounts WHERE id = $1 AND disabled_at IS NULL AND frozen_at IS NULL")
            .bind(token.account.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        if acts.is_none() {
            return Ok(Err(NoToken::NoAccount));
        }
        let made = sqlx::query(
            "INSERT INTO access_tokens (id, digest, account_id, label, scope, created_at, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE (SELECT count(*) FROM access_tokens WHERE account_id = $3 AND expires_at > $6) < $8",
        )
        .bind(token.id.to_string())
        .bind(digest.as_bytes().as_slice())
        .bind(token.account.to_string())
        .bind(&token.label)
        .bind(scope)
        .bind(token.created_at.as_millis())
        .bind(token.expires_at.as_millis())
        .bind(i64::from(*most))
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(Err(NoToken::TooMany));
        }
        for notice in notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !notices.is_empty()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn token(&self, digest: &Digest) -> Result<Option<StoredAccessToken>> {
        sqlx::query(tokens!("AND t.digest = $1"))
            .bind(digest.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(token)
            .transpose()
    }

    pub(in crate::store) async fn tokens(&self, account: Option<AccountId>) -> Result<Vec<StoredAccessToken>> {
        sqlx::query(tokens!("AND ($1 IS NULL OR t.account_id = $1) ORDER BY a.user_name, t.created_at DESC, t.id"))
            .bind(account.map(|id| id.to_string()))
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(token)
            .collect()
    }

    pub(in crate::store) async fn revoke_token(&self, id: AccessTokenId) -> Result<Option<AccountId>> {
        let mut tx = self.write().await?;
        let row = sqlx::query("DELETE FROM access_tokens WHERE id = $1 RETURNING id, account_id")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        let whose = |row: &SqliteRow| Cells::of(row, "access_tokens", "id")?.text("account_id", AccountId::parse);
        row.as_ref().map(whose).transpose()
    }

    pub(in crate::store) async fn revoke_tokens(&self, account: AccountId) -> Result<Vec<AccessTokenId>> {
        let mut tx = self.write().await?;
        let gone = sqlx::query("DELETE FROM access_tokens WHERE account_id = $1 RETURNING id")
            .bind(account.to_string())
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        gone.iter().map(|row| Cells::of(row, "access_tokens", "id")?.text("id", AccessTokenId::parse)).collect()
    }

    pub(in crate::store) async fn touch_tokens(&self, used: &[(AccessTokenId, Timestamp)]) -> Result<()> {
        let row = |(id, at): &(AccessTokenId, Timestamp)| serde_json::json!([id.to_string(), at.as_millis()]);
        let rows = used.iter().map(row).collect::<serde_json::Value>().to_string();
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE access_tokens SET last_used_at = used.at
             FROM (SELECT value ->> 0 AS id, value ->> 1 AS at FROM json_each($1)) AS used
             WHERE access_tokens.id = used.id AND coalesce(access_tokens.last_used_at, 0) < used.at",
        )
        .bind(rows)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
