# %% [markdown]
# # A raw table through Athena
#
# PyAthena speaks to Athena, and to the embedded AWS, which answers the same API (`eval "$(odpf local env)"`). BI tools do
# as it does: database `shop_raw`, table `orders`. Open it as a notebook in VS Code, PyCharm, or with Jupytext.
#
# Needs `pyathena`: pip install pyathena. `awswrangler` works the same way, but brings pandas and 150 MB, so it is not here.

# %%
import os

from pyathena import connect

TABLE = os.environ.get("EXAMPLE_TABLE", "shop_raw.orders")
RESULTS = os.environ.get("EXAMPLE_RESULTS", "s3://odpf-artifacts/athena/notebook/")  # of an account: a folder of yours

# %%
connection = connect(s3_staging_dir=RESULTS, region_name=os.environ["AWS_REGION"], work_group="primary")
cursor = connection.cursor()

# %%
cursor.execute(f"SELECT count(*) FROM {TABLE}")
print("rows:", cursor.fetchone()[0])
print("scanned bytes, which Athena bills:", cursor.data_scanned_in_bytes)

# %% [markdown]
# Parameters are sent beside the statement; every result knows its columns and their types.

# %%
cursor.execute(f"SELECT * FROM {TABLE} WHERE id >= %(least)d ORDER BY id LIMIT 10", {"least": 1})
print([(name, kind) for name, kind, *_ in cursor.description])
for row in cursor:
    print(row)
