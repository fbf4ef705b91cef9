# %% [markdown]
# # A raw table in DuckDB
#
# Reads a Hudi table's files straight from S3, without Athena: what to use on a laptop, against the embedded AWS
# (`eval "$(odpf local env)"`) or an account of yours. Open it as a notebook in VS Code, PyCharm, or with Jupytext.
#
# Needs `duckdb`, `hudi` and `pyarrow`: pip install 'odpf[local]'.

# %%
import os

import boto3
import duckdb
from hudi import HudiTableBuilder

DATABASE, TABLE = os.environ.get("EXAMPLE_TABLE", "shop_raw.orders").split(".")

# %% [markdown]
# The Glue catalog knows where the table lies. A rebuilt table moves, so ask it every time.

# %%
session = boto3.Session()
table = session.client("glue").get_table(DatabaseName=DATABASE, Name=TABLE)["Table"]
location = table["StorageDescriptor"]["Location"]
print(location)

# %%
credentials = session.get_credentials().get_frozen_credentials()
options = {
    "aws_region": session.region_name,
    "aws_access_key_id": credentials.access_key,
    "aws_secret_access_key": credentials.secret_key,
}
if credentials.token:
    options["aws_session_token"] = credentials.token
if endpoint := os.environ.get("AWS_ENDPOINT_URL"):  # the embedded AWS
    options |= {"aws_endpoint": endpoint, "aws_allow_http": "true"}

# %% [markdown]
# hudi-rs reads the newest commit as Arrow batches; DuckDB queries them where they are.

# %%
import pyarrow as pa

batches = HudiTableBuilder.from_base_uri(location).with_options(options).build().read()
rows = pa.Table.from_batches(batches)
duckdb.sql("SELECT count(*) AS rows FROM rows").show()

# %%
own = [name for name in rows.column_names if not name.startswith(("_hoodie_", "_odpf_"))]
duckdb.sql(f"SELECT {', '.join(own)} FROM rows ORDER BY 1 LIMIT 10").show()
