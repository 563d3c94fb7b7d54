"""Texts that name a key or an option, and no remedy that an entry here tries."""

__all__ = ["TOLD"]

# Texts that name a key to say what it did, or that others are made of: they name no remedy.
TOLD: tuple[str, ...] = (
    "forecast train --config {}{}",
    "forecast predict --run {}{}",
    "--time {}: {}",
    # test_series_without_rows_before_a_fold_are_left_out_and_a_table_without_any_is_refused, and
    # the other tests there have fewer folds
    "no series has a training window before this fold; make split.validation or --f",
    # test_a_part_whose_processes_are_all_killed_is_told_with_what_helps, and others there have one
    "--jobs {}: a process was ended from outside twice over the same part",
    # test_jobs_beside_a_cluster_are_refused, and other tests give one of both
    "--jobs and --engine: a cluster has the workers that it has; give one",
    "training.memory_limit allows",
    "--set {}",
    "left out (data.csv.header)",
    "together name the columns (data.csv.header_lines)",
    "are left out (data.csv.comment){}",
    "{} left out (data.csv.units_row)",
    "without a stamp from {} {} on, left out (data.csv.footer)",
    "of totals below the header, left out (data.csv.totals_row)",
    "taken by --yes",
    "a number as of data.timestamp_format",
    "a total is known only where its parts are, so that beside them it is nothing",
    "{} (data.layout: {})",
    "may not be whole; data.partial: drop leaves both out",
    "as well: data.closed.holidays says on which nothing is forecast",
    "rows lie behind the end of one of their targets and are not used, as the net",
    "later than data.end, {}",
    "{}data.{}: {}",
    ": data.{}: {}",
    ", where longer ones than data.fill_limit",
    "steps, on which nothing is ever observed, are left out and not forecast (dat",
    "data.{}: {} settled {}",
    "--target chooses among",
    "{}: data.{} does nothing here: {}",
    "since the first of these forecasts (retrain.drift.warn)",
    "data.unseen_series and data.short_series skip all series; nothing is left to",
    "model.linear is {}",
    "ms an epoch in training.time_budget",
    " --runs {}",
    "next: forecast train --config",
    "columns left out, as they do not fit",
    # test_data_that_are_not_where_a_config_says_are_found_where_the_remedy_names_them does both
    "put the data there, or give their absolute path: --set data.path=PATH",
    "data.path names it, from the directory of the config",
    # reasons, warnings and notes of retrainings and trainings
    "{} (retrain.{}.warn)",
    "new steps since the last training, of {} (retrain.min_new_rows)",
    "days old (retrain.max_age: {})",
    "preprocessing.support: {}",
    "series are shorter than windows.context_length + windows.horizon: their windows",
    "series have a value that is none of data.covariates.categories",
    # of an exit code in a file of metrics
    "Its exit code: 0 done, 6 champion kept, others as in forecast --help.",
    "Exit code of that: 0 no alarm, 6 alarm, others as in forecast --help.",
    "Exit code of that: 0 none, 6 anomalies, others as in forecast --help.",
    # test_series_that_ended_are_left_out_told_and_forecast_where_asked_for trains with the key
    "series that ended at least a whole forecast before the newest row, the first",
    # test_the_template_is_what_predict_needs_once_it_is_filled_in does all three
    "` writes the rows that are needed: fill in their cells, and give --future",
    # test_another_directory_or_name_leaves_a_network_that_is_there and the test before it do all
    "a network is there already; choose another directory with --output or another",
    # test_series_too_short_for_a_horizon_are_learned_from_with_a_shorter_one
    "{}: {}, which windows.horizon: {} in {} needs",
    # test_retrain_waits_for_a_table_to_be_written_as_long_as_it_may
    "{}, or have it waited for, for example with --wait 10m",
    # commands that are printed, which test_covariates runs
    "--run {}",
    "next: forecast template {} --output future.csv",
    "forecast {} {} --future future.csv",
    "--timestamp {}",
    "expected auto, or a number from 0 to",
    # test_mended_tables and test_more_dates try these
    "if the last {}, set data.csv.footer: {} (--set data.csv.footer={}), else correct them",
    "data.leave_out: {}: leaves no series; name fewer",
    "data.leave_out: no series {}; there are {}",
    "the time is {}; {} would do as well (--timestamp {})",
    "such rows); set data.timestamp_format: {}",
    "training.fallback: false would publish the network",
    "model.pretrained: {} is in all of them",
    "published is {}, by model.pretrained: {}",
    # test_of_more_series_than_a_picture_shows_the_total_and_the_worst_and_best_stand_for_all
    "; --series NAME shows others",
    # test_report tries these
    "--against {}: is the run itself",
    "The future is not shown here, and needs --future: {}.",
    "seed and data it has the same bytes: forecast train --config {}{}",
    # test_given_files tries these
    "the table on standard input has no name: give the config one with --output c",
    "--data and --future cannot both come in on standard input; write one to a fi",
    "forecasts and --data cannot both come in on standard input; write one to a f",
    # where statsforecast is installed, test_statistical_baselines_stand_beside_the_others does both
    "--baselines {}: no such baseline; there are",
    "--baselines {}: needs statsforecast, which is not installed",
    # test_engine_ray tries these
    "--engine {}: expected ray, or ray://HOST:PORT, the address of a cluster",
    "--engine {}: needs ray, which is not installed",
    "--engine: Ray cannot be used: {}",
    "--engine {}{}: nothing answers there ({}); expected HOST:PORT as `ray start",
    "--engine: a worker of the cluster has {}, and this process {}: install the sa",
    "--engine: workers of Ray were lost {} times over the same part ({}); give th",
    # so do test_logs, test_python and test_workbook
    "data.path is set twice: by the table that is given, and by a key",
    "expected a command; --help lists them",
    "was trained on a frame from Python, which a run does not keep; give the data",
    "give an --output that ends in .parquet or .csv",
    # test_without_importance_the_page_says_how_to_have_it_measured runs it
    "forecast report --run {}{} --importance",
)
