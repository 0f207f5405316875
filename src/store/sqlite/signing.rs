//! Signing keys: which are there, the one that is due, those that are over.

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{SqliteStore, rows::Cells};
use crate::{
    clock::Timestamp,
    keyring::{KeyTimes, Keyring, Place, Purpose, SigningKeyId, Unsealed, schedule},
    store::{NewSigningKey, Result, StoreError, StoredSigningKey},
};

fn place(id: &SigningKeyId) -> Place<'_> {
    Place { table: "signing_keys", column: "pkcs8", row: id.as_bytes() }
}

fn corrupt(id: SigningKeyId) -> impl FnOnce(Unsealed) -> StoreError {
    move |Unsealed| StoreError::Corrupt { table: "signing_keys", column: "pkcs8", row: id.to_string() }
}

fn read(keyring: &Keyring, row: &SqliteRow) -> Result<StoredSigningKey> {
    use sqlx::Row as _;
    let cells = Cells::of(row, "signing_keys", "id")?;
    let id = cells.text("id", SigningKeyId::parse)?;
    let times = KeyTimes { published_at: cells.time("published_at")?, signs_from: cells.time("signs_from")? };
    let pkcs8 = keyring.open(Purpose::SealedColumn, place(&id), row.try_get("pkcs8")?).map_err(corrupt(id))?;
    Ok(StoredSigningKey { id, times, pkcs8 })
}

async fn all(db: &mut SqliteConnection, keyring: &Keyring) -> Result<Vec<StoredSigningKey>> {
    let rows = sqlx::query("SELECT * FROM signing_keys ORDER BY signs_from, id").fetch_all(db).await?;
    rows.iter().map(|row| read(keyring, row)).collect()
}

impl SqliteStore {
    pub(in crate::store) async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>> {
        let mut tx = self.read().await?;
        all(&mut tx, &self.keyring).await
    }

    pub(in crate::store) async fn roll_signing_keys(
        &self,
        fresh: &NewSigningKey,
        now: Timestamp,
    ) -> Result<Vec<StoredSigningKey>> {
        let mut tx = self.write().await?;
        let keys = all(&mut tx, &self.keyring).await?;
        let times: Vec<KeyTimes> = keys.iter().map(|key| key.times).collect();
        let schedule = schedule(&times, now);
        for (number, key) in keys.iter().enumerate() {
            if !schedule.published.contains(&number) {
                sqlx::query("DELETE FROM signing_keys WHERE id = $1")
                    .bind(key.id.to_string())
                    .execute(&mut *tx)
                    .await?;
            }
        }
        if let Some(due) = schedule.due {
            let sealed = self
                .keyring
                .seal(Purpose::SealedColumn, place(&fresh.id), fresh.pkcs8.expose(), &*self.entropy)
                .map_err(corrupt(fresh.id))?;
            sqlx::query("INSERT INTO signing_keys (id, published_at, signs_from, pkcs8) VALUES ($1, $2, $3, $4)")
                .bind(fresh.id.to_string())
                .bind(due.published_at.as_millis())
                .bind(due.signs_from.as_millis())
                .bind(sealed)
                .execute(&mut *tx)
                .await?;
        }
        let keys = all(&mut tx, &self.keyring).await?;
        tx.commit().await?;
        Ok(keys)
    }
}
