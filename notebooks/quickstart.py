# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quickstart: a border in five lines
#
# How well is each Russian region on the border with Kazakhstan connected to the other side, what
# holds it back, and what type of border region does that make it?

# %%
import geo_border as gb

study = gb.open_study("ru-kz")
results = study.run()
results.typology[["type", "probability"]]

# %% [markdown]
# Every result is a frame. The levels are scores from 0 to 100 among the regions of the study, with
# the 5 to 95 % interval of the rank under other weights, normalisations, delays and speeds.

# %%
results.levels.round(0)

# %% [markdown]
# What does the border cost? `border_effect` is the share of all accessible population that is lost
# to delays at checkpoints; `potential_across` counts the persons across the border, each discounted
# by travel time (half for every two hours).

# %%
columns = ["name", "border_km", "checkpoints_open", "hours_to_checkpoint"]
columns += ["potential_across", "border_effect"]
home = results.regions[results.regions["side"] == "home"]
home[columns].sort_values("border_effect", ascending=False).round(3)

# %% [markdown]
# Which checkpoints carry the traffic, and what does the closure of each cost those who use it?

# %%
columns = ["name", "load_share", "closure_extra_hours", "closure_unserved", "diverted_to"]
ranking = results.checkpoints.sort_values("load_share", ascending=False)
ranking[columns].head(10).round(3)

# %% [markdown]
# A map, in the projection that keeps areas.

# %%
from geo_border.border.edges import equal_area_crs

crs = equal_area_crs(results.regions)
axes = (
    results.regions.to_crs(crs)
    .join(results.typology["type"])
    .plot(column="type", legend=True, figsize=(12, 6), missing_kwds={"color": "0.9"})
)
results.checkpoints[results.checkpoints["is_open"]].to_crs(crs).plot(ax=axes, color="black")
axes.set_axis_off()
