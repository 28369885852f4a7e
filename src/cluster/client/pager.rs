//! Lists a collection page by page, so that only one page is in memory at once. Every list of the
//! operator and of the commands goes through here; the caller handles a failed page.

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::{Api, ListParams, ObjectList, PartialObjectMeta};
use serde::de::DeserializeOwned;

/// Objects a page, as kubectl and client-go ask. The API server takes twice as long for a list in pages
/// of 100.
pub const PAGE_SIZE: u32 = 500;

/// A list of one collection.
pub struct Pager<K> {
    api: Api<K>,
    cursor: Cursor,
}

impl<K: Clone + Debug + DeserializeOwned> Pager<K> {
    /// Lists everything in the collection.
    pub fn all(api: Api<K>) -> Self {
        let cursor = Cursor::new(ListParams::default());
        Self { api, cursor }
    }

    /// Lists the objects that a label selector matches.
    pub fn matching(api: Api<K>, selector: &str) -> Self {
        let cursor = Cursor::new(ListParams::default().labels(selector));
        Self { api, cursor }
    }

    /// The objects of the next page; `None` after the last page and after an error.
    pub async fn next(&mut self) -> Option<kube::Result<Vec<K>>> {
        let page = self.api.list(self.cursor.next()?).await;
        Some(self.turn(page))
    }

    /// The metadata of the objects of the next page; `None` as in [`Self::next`].
    pub async fn next_metadata(&mut self) -> Option<kube::Result<Vec<PartialObjectMeta<K>>>> {
        let page = self.api.list_metadata(self.cursor.next()?).await;
        Some(self.turn(page))
    }

    fn turn<T: Clone>(&mut self, page: kube::Result<ObjectList<T>>) -> kube::Result<Vec<T>> {
        match page {
            Ok(page) => {
                self.cursor.turn(&page.metadata);
                Ok(page.items)
            }
            Err(error) => {
                self.cursor.is_done = true;
                Err(error)
            }
        }
    }
}

/// Where a paged list stands.
#[derive(Debug)]
struct Cursor {
    params: ListParams,
    is_done: bool,
}

impl Cursor {
    fn new(params: ListParams) -> Self {
        Self {
            params: params.limit(PAGE_SIZE),
            is_done: false,
        }
    }

    /// Parameters of the next page; `None` after the last one.
    fn next(&self) -> Option<&ListParams> {
        (!self.is_done).then_some(&self.params)
    }

    /// Takes the metadata of the page just read.
    fn turn(&mut self, page: &ListMeta) {
        let token = page.continue_.clone().filter(|token| !token.is_empty());
        self.is_done = token.is_none();
        self.params.continue_token = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_the_page_that_names_no_next_one() {
        let page = |token: Option<&str>| ListMeta {
            continue_: token.map(str::to_owned),
            ..ListMeta::default()
        };
        let mut cursor = Cursor::new(ListParams::default().labels("a"));
        assert_eq!(
            cursor.next().and_then(|params| params.limit),
            Some(PAGE_SIZE)
        );
        cursor.turn(&page(Some("t")));
        let params = cursor.next().unwrap();
        assert_eq!(params.continue_token.as_deref(), Some("t"));
        assert_eq!(params.label_selector.as_deref(), Some("a"));
        cursor.turn(&page(Some("")));
        assert!(cursor.next().is_none());
        cursor.turn(&page(None));
        assert!(cursor.next().is_none());
    }
}
