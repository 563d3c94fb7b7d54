"""The config's section about columns that are not forecast: what of them the network may see."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lstm_forecast.config.fields import Names, Section, as_list
from lstm_forecast.config.standards import Country

__all__ = ["CovariatesConfig"]


Calendar = Literal["hour", "day_of_week", "day_of_month", "day_of_year", "week", "month"]


class CovariatesConfig(Section):
    """Columns beside the targets that the network may see."""

    past: Names = Field((), description="columns known only up to now")
    future: Names = Field(
        (), description="columns known ahead, such as prices, plans or weather forecasts"
    )
    static: Names = Field(
        (), description="columns with one value for each series: numbers, or text as categories"
    )
    categories: dict[str, Names] | None = Field(
        None,
        description="values of the static columns that hold text; absent: all that the data have",
    )
    calendar: Annotated[tuple[Calendar, ...], BeforeValidator(as_list)] = Field(
        (),
        description=(
            "features of the stamps, known ahead: hour, day_of_week, day_of_month, day_of_year,"
            " week, month"
        ),
    )
    holidays: Country | None = Field(
        None,
        description="country, or part of one, whose public holidays are known ahead: AT, AU-VIC",
    )

    @model_validator(mode="after")
    def _categories_are_of_static_columns(self) -> "CovariatesConfig":
        if wrong := [name for name in self.categories or {} if name not in self.static]:
            raise ValueError(
                f"data.covariates.categories: {wrong[0]} is not one of data.covariates.static"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that are covariates."""
        return (*self.past, *self.future, *self.static)

    @property
    def ahead(self) -> bool:
        """Whether anything is known of the steps to be forecast."""
        return bool(self.future or self.calendar or self.holidays)

    @property
    def any(self) -> bool:
        """Whether the network sees anything beside the targets."""
        return bool(self.past or self.static or self.ahead)
